"""``mainstay check try``: one look at a catalogue that is not applied, so that wrong addresses are found before."""

from typing import Annotated, Any

import typer

from mainstay.api.rows import look_row, told_row
from mainstay.catalogue.drift import CATALOGUE
from mainstay.checker.trial import attempt
from mainstay.cli.catalogue import Where, examined, examined_runbooks
from mainstay.cli.output import EXIT, AsJson, print_json, print_rows
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.domain.state import State
from mainstay.engine.trial import tell
from mainstay.monitoring.wording import format_value


def try_catalogue(
    path: Where = CATALOGUE,
    component: Annotated[str, typer.Option(help="Only this: system/component.")] = "",
    channel: Annotated[list[str] | None, typer.Option(help="Send a test message by it; may be repeated.")] = None,
    as_json: AsJson = False,
) -> None:
    """Look once at every check of files that are not applied. Nothing is kept; the exit code is that of the worst."""
    actor = acting("catalogue.try")
    wanted = examined(path, as_json, examined_runbooks(path, as_json)).catalogue
    with told():
        rows = [look_row(look) for look in attempt(wanted, actor=actor, component=component)]
        answers = [told_row(tell(wanted, name, actor=actor)) for name in channel or []]
    if as_json:
        print_json({"looks": rows, "told": answers})
    else:
        print_rows(list(map(_line, rows)), ("state", "path", "values", "why"), _("nothing to show"), as_json=False)
        for row in answers:
            print(f"{row['channel']}: {row['answer']}")
    worst = max((State(row["state"]) for row in rows if row["seen"]), key=lambda state: state.rank, default=State.OK)
    lost = [row for row in answers if not row["delivered"]]
    raise typer.Exit(max(EXIT[worst.value], EXIT["critical"] if lost else 0))


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """A look as a line of the table: the first values in words, and what to do beside what is wrong."""
    values = [f"{name} {format_value(one['value'], one['unit'])}" for name, one in list(row["values"].items())[:3]]
    return {**row, "values": ", ".join(values), "why": " ".join(filter(None, (row["why"], row["todo"])))}
