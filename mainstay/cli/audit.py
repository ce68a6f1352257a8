"""``mainstay audit …``: read, verify, take away."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mainstay.api.audit import record_row
from mainstay.audit import queries
from mainstay.cli.output import AsJson, fail, print_json, print_rows
from mainstay.domain.audit_chain import Verdict

audit_app = typer.Typer(help="Who did what.", no_args_is_help=True)

Heads = Annotated[list[str] | None, typer.Option("--head", help="number:digest, as it was sent off this machine.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(audit_app, name="audit")


@audit_app.command("list")
def list_records(
    act: Annotated[str, typer.Option(help="Such as incident or incident.acknowledge.")] = "",
    by: Annotated[str, typer.Option(help="Part of a name.")] = "",
    limit: int = 100,
    as_json: AsJson = False,
) -> None:
    """Newest first."""
    rows = [record_row(row) for row in queries.records(act=act, actor=by)[:limit]]
    print_rows(rows, ("number", "at", "actor", "act", "object"), "nothing was done yet", as_json=as_json)


@audit_app.command("verify")
def verify(
    file: Annotated[Path | None, typer.Option(help="An exported trail instead of this database.")] = None,
    head: Heads = None,
    as_json: AsJson = False,
) -> None:
    """Find any edit, deletion or change of order; with --head also what was cut off the end."""
    heads = dict(map(_head, head or []))
    try:
        verdict = queries.verify_lines(file.read_text().splitlines(), heads) if file else queries.verify(heads)
    except (OSError, ValueError, TypeError, KeyError) as error:
        fail(f"{file} is no exported trail: {error}")
    _say(verdict, as_json)


def _head(text: str) -> tuple[int, str]:
    number, _, digest = text.partition(":")
    if not (number.isdecimal() and len(digest) == 64):
        fail(f"{text!r} is no head; write number:digest")
    return int(number), digest


def _say(verdict: Verdict, as_json: bool) -> None:
    if as_json:
        print_json({"whole": verdict.whole, "records": verdict.records, "head": verdict.head,
                    "broken_at": verdict.broken_at, "reason": verdict.reason})  # fmt: skip
    elif verdict.whole:
        print(f"ok: {verdict.records} records, head {verdict.head}")
    else:
        print(f"broken at record {verdict.broken_at}: {verdict.reason}")
    raise typer.Exit(0 if verdict.whole else 2)


@audit_app.command("export")
def export() -> None:
    """The whole trail as JSON lines on standard output."""
    for line in queries.export():
        sys.stdout.write(line + "\n")
