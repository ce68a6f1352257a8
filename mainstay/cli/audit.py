"""``mainstay audit …``: read, verify, take away."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mainstay.api.rows import record_row, verdict_row
from mainstay.audit import queries
from mainstay.cli.output import AsJson, Limit, fail, print_json, print_rows
from mainstay.cli.shell import acting
from mainstay.cli.trouble import in_words
from mainstay.cli.words import _
from mainstay.domain.audit_chain import Verdict

audit_app = typer.Typer(no_args_is_help=True)

Heads = Annotated[list[str] | None, typer.Option("--head", help="number:digest, as it was sent off this machine.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(audit_app, name="audit")


@audit_app.command("list")
def list_records(
    act: Annotated[str, typer.Option(help="Such as incident or incident.acknowledge.")] = "",
    by: Annotated[str, typer.Option(help="Part of a name.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Newest first."""
    acting("audit.read")
    found = queries.records(act=act, actor=by)
    rows = [record_row(row) for row in found[:limit]]
    columns = ("number", "at", "actor", "act", "object")
    print_rows(rows, columns, _("nothing was done yet"), as_json=as_json, count=found.count())


@audit_app.command("verify")
def verify(
    file: Annotated[Path | None, typer.Option(help="An exported trail instead of this database.")] = None,
    head: Heads = None,
    as_json: AsJson = False,
) -> None:
    """Find any edit, deletion or change of order; with --head also what was cut off the end."""
    acting("audit.read")
    heads = dict(map(_head, head or []))
    try:
        verdict = queries.verify_lines(file.read_text().splitlines(), heads) if file else queries.verify(heads)
    except (OSError, ValueError, TypeError, KeyError) as error:
        fail(_("{file} is no exported trail: {error}").format(file=file, error=error))
    _say(verdict, as_json)


def _head(text: str) -> tuple[int, str]:
    number, _colon, digest = text.partition(":")
    if not (number.isdecimal() and len(digest) == 64):
        fail(_("{text} is no head; write number:digest").format(text=repr(text)))
    return int(number), digest


def _say(verdict: Verdict, as_json: bool) -> None:
    if as_json:
        print_json(verdict_row(verdict))
    elif verdict.whole:
        print(_("ok: {number} records, head {head}").format(number=verdict.records, head=verdict.head))
    else:
        print(
            _("broken at record {number}: {reason}").format(number=verdict.broken_at, reason=in_words(verdict.reason))
        )
    raise typer.Exit(0 if verdict.whole else 2)


@audit_app.command("export")
def export() -> None:
    """The whole trail as JSON lines on standard output."""
    acting("audit.export")
    for line in queries.export():
        sys.stdout.write(line + "\n")
