"""``mainstay runbook …``: one run, how it stands, and what people do with it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mainstay.api.runbook_rows import run_rows
from mainstay.cli.output import AsJson, fail, print_json, titled
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.incidents.actions import File
from mainstay.runbooks import actions, queries
from mainstay.runbooks.models import Run

MARKS = {
    "done": "●", "failed": "■", "doubtful": "◆", "asking": "?", "started": "▶", "waiting": "…", "retry": "↻",
    "skipped": "–",
}  # fmt: skip

Number = Annotated[int, typer.Argument(help="The run's number.")]
Way = Annotated[str, typer.Argument(help="The step, as the run's list calls it.")]
Why = Annotated[str, typer.Option(help="Why.")]


def add(app: typer.Typer) -> None:
    """Put the commands into the group ``runbook``."""
    for name, command in (
        ("status", status), ("pause", pause), ("resume", resume), ("cancel", cancel), ("retry", retry),
        ("skip", skip), ("approve", approve), ("answer", answer),
    ):  # fmt: skip
        app.command(name)(command)


def status(number: Number, as_json: AsJson = False) -> None:
    """How a run stands, step by step."""
    with told(_absent(number)):
        _show(queries.run(number, acting("runbook.read").sight), as_json)


def pause(number: Number, as_json: AsJson = False) -> None:
    """What is under way ends; nothing new begins."""
    with told(_absent(number)):
        _show(actions.pause(number, actor=acting("runbook.pause")), as_json)


def resume(number: Number, as_json: AsJson = False) -> None:
    """Go on after a pause."""
    with told(_absent(number)):
        _show(actions.resume(number, actor=acting("runbook.resume")), as_json)


def cancel(
    number: Number,
    reason: Why = "",
    undo: Annotated[bool, typer.Option("--undo", help="Undo what was done first, the last first.")] = False,
    as_json: AsJson = False,
) -> None:
    """End a run."""
    with told(_absent(number)):
        _show(actions.cancel(number, reason, undo=undo, actor=acting("runbook.cancel")), as_json)


def retry(number: Number, step: Way, as_json: AsJson = False) -> None:
    """Do a step again that failed, or that may have run."""
    with told(_absent(number)):
        _show(actions.retry(number, step, actor=acting("runbook.retry")), as_json)


def skip(number: Number, step: Way, reason: Why = "", as_json: AsJson = False) -> None:
    """Go on without a step that failed, or that has run."""
    with told(_absent(number)):
        _show(actions.skip(number, step, reason, actor=acting("runbook.skip")), as_json)


def approve(
    number: Number,
    step: Way,
    no: Annotated[bool, typer.Option("--no", help="Say no.")] = False,
    seal: Annotated[str, typer.Option(help="Of the rows that were shown, as status prints it.")] = "",
    note: Annotated[str, typer.Option(help="A word on it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Agree to a step, as somebody who did not ask for the run."""
    with told(_absent(number)):
        row = actions.approve(number, step, yes=not no, seal=seal, note=note, actor=acting("runbook.approve"))
    _show(row, as_json)


def answer(
    number: Number,
    step: Way,
    given: Annotated[list[str] | None, typer.Option("--input", "-i", help="An answer as name=value.")] = None,
    note: Annotated[str, typer.Option(help="A word on it.")] = "",
    file: Annotated[list[Path] | None, typer.Option(help="A file that shows it; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Answer what a step asks, or tick what was done by hand."""
    values: dict[str, Any] = {}
    for one in given or ():
        name, sign, value = one.partition("=")
        if not sign:
            fail(_("write an answer as name=value"))
        values[name] = value
    try:
        files = [File(one.name, one.read_bytes()) for one in file or ()]
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}")
    with told(_absent(number)):
        row = actions.answer(number, step, values, note=note, files=files, actor=acting("runbook.answer"))
    _show(row, as_json)


def _show(row: Run, as_json: bool) -> None:
    print_json(run_rows(row)) if as_json else print_run(row)


def print_run(row: Run) -> None:
    """A run as a list."""
    whole = run_rows(row)
    about = "/".join(filter(None, (whole["system"], whole["component"])))
    print(f"{_('run')} {row.pk}: {whole['runbook']} {about}: {_(row.state)}".replace("  ", " "))
    for step in whole["steps"]:
        words = [MARKS.get(step["state"], "○"), step["path"], _(step["state"])]
        print("  ".join(filter(None, [*words, _titled(step["title"]), step["note"]])))
        if step["state"] == "asking":
            _print_asked(step["asked"])


def _print_asked(asked: dict[str, Any]) -> None:
    if words := _titled(asked.get("words")):
        print(f"    {words}")
    for name, question in asked.get("questions", {}).items():
        print(f"    {name}: {_titled(question.get('title'))} {', '.join(question.get('choices', []))}".rstrip())
    if shown := asked.get("shown"):
        print(f"    {shown['statement']}")
        for line in (shown["columns"], *shown["rows"]):
            print("    " + "\t".join(map(str, line)))
        print(f"    {_('seal')}: {asked['seal']}")


def _titled(words: Any) -> str:
    return titled(words) if isinstance(words, dict) and words else str(words or "")


def _absent(number: int) -> str:
    return _("there is no run {number}").format(number=number)
