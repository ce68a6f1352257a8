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

from mainstay.domain.duration import format_duration

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of sentences.")]

MARKS = {"ok": "●", "warning": "▲", "critical": "■", "unknown": "◇"}
COLOURS = {"ok": "green", "warning": "yellow", "critical": "red", "unknown": "bright_black"}
EXIT = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}
"""Exit codes of the monitoring plugins' guidelines."""
USAGE = 64
"""sysexits.h: EX_USAGE."""


def print_json(value: Any) -> None:
    """One document on standard output."""
    print(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1))


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Iterable[str], nothing: str, *, as_json: bool) -> None:
    """Rows as a table of some columns, or all of them as JSON."""
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        print(nothing)
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    names = list(columns)
    for name in names:
        table.add_column(name.replace("_", " "), overflow="fold")
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


def _cell(name: str, value: Any) -> str:
    if value is None or value == "":
        return "–"
    if name in ("state", "before", "after") and value in MARKS:
        return f"[{COLOURS[value]}]{MARKS[value]} {value}[/]"
    if isinstance(value, datetime):
        return ago(value)
    if isinstance(value, dict):
        return str(value.get("en") or next(iter(value.values()), "–"))
    return str(value).replace("[", r"\[")


def ago(at: datetime) -> str:
    """How long it is since, in its largest two units."""
    seconds = (datetime.now(UTC) - at).total_seconds()
    if seconds < 0:
        return at.isoformat(timespec="seconds")
    step = 86400 if seconds > 7 * 86400 else 3600 if seconds > 86400 else 60 if seconds > 3600 else 1
    return f"{format_duration(round(seconds / step) * step)} ago"


def fail(message: str, code: int = USAGE) -> NoReturn:
    """A clear sentence on standard error and an exit code."""
    typer.echo(message, err=True)
    raise typer.Exit(code)
