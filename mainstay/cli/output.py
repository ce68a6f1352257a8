"""What commands print: tables for people, JSON in the API's shape for programs."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn

import typer
from django.core.serializers.json import DjangoJSONEncoder
from rich.console import Console
from rich.table import Table

from mainstay.cli.words import _, spoken
from mainstay.domain.duration import format_duration
from mainstay.monitoring.wording import in_language, language_of

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]

MARKS = {"ok": "●", "warning": "▲", "critical": "■", "unknown": "◇"}
COLOURS = {"ok": "green", "warning": "yellow", "critical": "red", "unknown": "bright_black"}
EXIT = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}
"""Exit codes of the monitoring plugins' guidelines."""
USAGE = 64
"""sysexits.h: EX_USAGE."""

_STATES = ("state", "before", "after")
_CODES = (*_STATES, "category", "role", "word", "outcome", "act")
"""Columns whose values are words of ours, which have words in every language."""


def print_json(value: Any) -> None:
    """One document on standard output."""
    print(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1))


def print_rows(
    rows: Sequence[Mapping[str, Any]], columns: Iterable[str], nothing: str, *, as_json: bool, count: int | None = None
) -> None:
    """Rows as a table of some columns; as JSON whole, like a page of the API, ``count`` being how many there are."""
    if as_json:
        print_json({"items": list(rows), "next": None, "count": len(rows) if count is None else count})
    elif not rows:
        print(nothing)
    else:
        _print_table(rows, list(columns))
        if count is not None and count > len(rows):
            print(_("… and {number} more; --limit shows them").format(number=count - len(rows)))


def _print_table(rows: Sequence[Mapping[str, Any]], names: list[str]) -> None:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for name in names:
        table.add_column(_(name.replace("_", " ")), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(name, row.get(name)) for name in names))
    # Not a terminal: nobody looks at the width, and a folded name cannot be copied.
    (Console() if sys.stdout.isatty() else Console(width=250)).print(table)


def print_one(row: Mapping[str, Any], sentence: str, *, as_json: bool) -> None:
    """The result of an act."""
    if as_json:
        print_json(dict(row))
    else:
        print(sentence)


def marked(state: str) -> str:
    """A state's shape and word: colour alone says nothing to many."""
    return f"{MARKS[state]} {_(state)}"


def titled(title: Mapping[str, str]) -> str:
    """A title in the language spoken, in English, or in whichever there is."""
    return in_language(title, language_of(spoken())) or "–"


def _cell(name: str, value: Any) -> str:
    if name in _STATES and value in MARKS:
        return f"[{COLOURS[value]}]{marked(value)}[/]"
    return _plain(name, value).replace("[", r"\[")


def _plain(name: str, value: Any) -> str:
    match value:
        case None | "" | []:
            return "–"
        case bool():
            return _("yes") if value else _("no")
        case datetime():
            return ago(value)
        case dict():
            pairs = ", ".join(f"{key}={one}" for key, one in value.items())
            return pairs if name == "systems" and pairs else titled(value)
        case list():
            return ", ".join(map(str, value))
    return _(str(value)) if name in _CODES else str(value)


def ago(at: datetime) -> str:
    """How long it is since, in its largest two units."""
    seconds = (datetime.now(UTC) - at).total_seconds()
    if seconds < 0:
        return at.isoformat(timespec="seconds")
    step = 86400 if seconds > 7 * 86400 else 3600 if seconds > 86400 else 60 if seconds > 3600 else 1
    return _("{time} ago").format(time=format_duration(round(seconds / step) * step))


def fail(message: str, code: int = USAGE) -> NoReturn:
    """A clear sentence on standard error and an exit code."""
    typer.echo(message, err=True)
    raise typer.Exit(code)
