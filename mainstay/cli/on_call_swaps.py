"""``mainstay on-call swap …``: who asks whom to take a part of his shifts."""

from datetime import datetime
from typing import Annotated

import typer

from mainstay.api.on_call_rows import swap_row
from mainstay.cli.output import AsJson, Limit, fail, print_one, print_rows
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.on_call import actions, queries

Number = Annotated[int, typer.Argument(help="Its number.")]
Person = Annotated[str, typer.Argument(help="The person, as he signs in.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the group."""
    app.command("swaps")(list_swaps)
    app.command("swap")(swap)
    app.command("take")(take)
    app.command("refuse")(refuse)
    app.command("withdraw")(withdraw)


def moment(text: str) -> datetime:
    """A point in time, with its zone; ends the command where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        fail(_("{text} is no time with its zone; write such as 2026-12-24T09:00+08:00").format(text=repr(text)))
    return found


def _absent(number: int) -> str:
    return _("there is no swap {number}; mainstay on-call swaps shows all").format(number=number)


def list_swaps(
    rotation: Annotated[str, typer.Option(help="Only of this rotation.")] = "", limit: Limit = 100,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Who asked whom, the newest first."""
    acting("oncall.read")
    found = queries.swaps(rotation=rotation)
    rows = [swap_row(row) for row in found[:limit]]
    columns = ("id", "rotation", "person", "taker", "start", "end", "state")
    print_rows(rows, columns, _("nobody asked for a swap yet"), as_json=as_json, count=found.count())


def swap(
    rotation: Annotated[str, typer.Argument(help="The rotation's name.")],
    person: Person,
    start: Annotated[str, typer.Argument(help="When it begins, with a zone, such as 2026-12-24T09:00+08:00.")],
    end: Annotated[str, typer.Argument(help="When it ends.")],
    taker: Annotated[str, typer.Option(help="Who is asked; anybody when left out.")] = "",
    back: Annotated[str, typer.Option(help="What is taken in return: START/END.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Ask somebody to take a part of a person's shifts."""
    first, _sep, last = back.partition("/")
    span = (moment(first), moment(last)) if back else None
    with told(_("there is no rotation {name}; mainstay on-call show shows all").format(name=rotation)):
        made = actions.ask_swap(
            rotation, person, moment(start), moment(end), taker=taker, back=span, reason=reason,
            actor=acting("oncall.swap"),
        )  # fmt: skip
    print_one(swap_row(made), _("asked; number {number}").format(number=made.pk), as_json=as_json)


def take(number: Number, taker: Person, as_json: AsJson = False) -> None:
    """Agree to a swap; it becomes an override each."""
    with told(_absent(number)):
        row = swap_row(actions.take_swap(number, taker=taker, actor=acting("oncall.swap")))
    print_one(row, _("{name} takes it").format(name=taker), as_json=as_json)


def refuse(number: Number, as_json: AsJson = False) -> None:
    """Do not agree to a swap."""
    with told(_absent(number)):
        row = swap_row(actions.refuse_swap(number, actor=acting("oncall.swap")))
    print_one(row, _("swap {number} is refused").format(number=number), as_json=as_json)


def withdraw(number: Number, as_json: AsJson = False) -> None:
    """Ask no more."""
    with told(_absent(number)):
        row = swap_row(actions.withdraw_swap(number, actor=acting("oncall.swap")))
    print_one(row, _("swap {number} is withdrawn").format(number=number), as_json=as_json)
