"""``mainstay runbook …``: runbooks, and their runs."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from mainstay.api.runbook_rows import foreseen_row, run_row, run_rows, runbook_row, runbook_rows
from mainstay.catalogue.sources import Invalid, contents
from mainstay.cli import runbook_steps
from mainstay.cli.catalogue import INVALID, print_flaws
from mainstay.cli.output import AsJson, Limit, fail, print_json, print_one, print_rows, titled
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.domain.run_state import OPEN
from mainstay.engine.runbooks.dry_run import dry_run as foresee
from mainstay.incidents import queries as incidents
from mainstay.runbooks import actions, queries
from mainstay.runbooks.actions.writing import FOLDER, known
from mainstay.runbooks.examine import Written, examine
from mainstay.runbooks.models import Run

WAIT = 0.5
"""Seconds between two looks at a run that is followed."""

runbook_app = typer.Typer(no_args_is_help=True)
Called = Annotated[str, typer.Argument(help="The runbook's name.")]
Target = Annotated[str, typer.Option("--on", help="What it is about: system/component, or a system.")]
Given = Annotated[list[str] | None, typer.Option("--input", "-i", help="An input as name=value; may be repeated.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    for name, command in (
        ("list", list_all), ("show", show), ("validate", validate), ("apply", apply), ("retire", retire),
        ("dry-run", dry_run), ("run", run), ("runs", runs),
    ):  # fmt: skip
        runbook_app.command(name)(command)
    runbook_steps.add(runbook_app)
    app.add_typer(runbook_app, name="runbook")


def list_all(
    text: Annotated[str, typer.Option(help="Part of the name or title.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Runbooks by name."""
    acting("runbook.read")
    found = queries.runbooks(text)
    rows = [runbook_row(one) for one in found[:limit]]
    print_rows(rows, ("name", "title", "source"), _("no runbooks yet"), as_json=as_json, count=found.count())


def show(name: Called, as_json: AsJson = False) -> None:
    """A runbook as its newest version says."""
    acting("runbook.read")
    with told(_absent(name)):
        row = runbook_rows(queries.newest(name))
    print_json(row) if as_json else print(row["text"], end="")


def validate(
    path: Annotated[Path, typer.Argument(help="A YAML file, or a directory of them.")] = FOLDER,
    as_json: AsJson = False,
) -> None:
    """Say everything that is wrong with runbooks: file, line, column, and what would be right."""
    found = examined(path, as_json)
    print_one({"ok": True, "runbooks": sorted(found)}, f"ok: {', '.join(sorted(found))}", as_json=as_json)


def apply(
    path: Annotated[Path, typer.Argument(help="A YAML file, or a directory of them: all runbooks of files.")] = FOLDER,
    as_json: AsJson = False,
) -> None:
    """Make the runbooks what the files say: all of it or nothing."""
    found = examined(path, as_json)
    done = actions.apply_files(found, whole=path.is_dir(), actor=acting("runbook.edit"))
    print_applied(done, as_json)


def print_applied(done: list[tuple[str, str]], as_json: bool) -> None:
    """What was changed."""
    rows = [{"act": act, "name": name} for act, name in done]
    print_rows(rows, ("act", "name"), _("nothing to do"), as_json=as_json)


def retire(name: Called, as_json: AsJson = False) -> None:
    """Take a runbook out of use; runs that are under way go on."""
    with told(_absent(name)):
        actions.retire(name, actor=acting("runbook.edit"))
    print_one({"retired": name}, _("{name} is out of use").format(name=name), as_json=as_json)


def dry_run(name: Called, on: Target = "", given: Given = None, as_json: AsJson = False) -> None:
    """Say what a run would do, step by step. Nothing is touched."""
    with told(_absent(name)):
        rows = [foreseen_row(one) for one in foresee(name, _inputs(given), target=on, actor=acting("runbook.run"))]
    if as_json:
        print_json({"steps": rows})
        return
    for row in rows:
        print(f"{row['path']}  {row['kind']}{'  ' + row['on'] if row['on'] else ''}  {_title(row['title'])}".rstrip())
        for key, value in row["settings"].items():
            print(f"    {key}: {value}")
        for text in row["when"]:
            print(f"    {_('only when')}: {text}")
        if row["asks"]:
            print(f"    {_('a person is asked')}")
        if row["wrong"]:
            print(f"    {_('wrong')}: {row['wrong']}")


def run(
    name: Called,
    on: Target = "",
    given: Given = None,
    incident: Annotated[int, typer.Option(help="The incident on whose timeline it stands.")] = 0,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is over or waits for somebody.")] = False,
    as_json: AsJson = False,
) -> None:
    """Begin a run. With --wait: exit code 2 unless it is done."""
    who = acting("runbook.run")
    with told(_absent(name)):
        about = incidents.incident(incident, who.sight) if incident else None
        row = actions.run(name, _inputs(given), target=on, incident=about, actor=who)
    row = _followed(row.pk) if wait else row
    print_json(run_rows(row)) if as_json else runbook_steps.print_run(row)
    if wait and row.state != "done":
        raise typer.Exit(2)


def runs(
    name: Annotated[str, typer.Argument(help="Only this runbook's.")] = "",
    state: Annotated[str, typer.Option(help="Only those in this state.")] = "",
    text: Annotated[str, typer.Option(help="A number, or part of what it is about.")] = "",
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """Runs, newest first."""
    sight = acting("runbook.read").sight
    found = queries.runs(name=name, states=[state] if state else [], sight=sight, text=text)
    rows = [run_row(one) for one in found[:limit]]
    columns = ("id", "runbook", "version", "state", "system", "component", "asked_by", "asked_at", "ended_at")
    print_rows(rows, columns, _("nothing was run yet"), as_json=as_json, count=found.count())


def examined(path: Path, as_json: bool) -> dict[str, Written]:
    """What the files say, or the end of the program with all flaws told."""
    try:
        files = contents(path)
        return examine(files, {} if path.is_dir() and path != FOLDER else known())
    except Invalid as error:
        print_flaws(error.flaws, as_json)
        raise typer.Exit(INVALID) from None


def _inputs(given: list[str] | None) -> dict[str, Any]:
    found = {}
    for one in given or ():
        name, sign, value = one.partition("=")
        if not sign:
            fail(_("write an input as name=value"))
        found[name] = value
    return found


def _followed(number: int) -> Run:
    """Until nothing goes on without somebody."""
    while True:
        row = queries.run(number)
        waits = row.state == "stopped" or row.steps.filter(state__in=queries.WAITS_FOR_PEOPLE).exists()
        if row.state not in OPEN or waits:
            return row
        time.sleep(WAIT)


def _title(words: Any) -> str:
    return titled(words) if isinstance(words, dict) and words else str(words or "")


def _absent(name: str) -> str:
    return _("there is no runbook {name}, or nothing of that name to run it on").format(name=name)
