"""``mainstay desk …``: what users report, and what becomes of it."""

from typing import Annotated

import typer

from mainstay.api.desk_rows import requirement_row, ticket_row, ticket_rows
from mainstay.cli.output import AsJson, Limit, print_json, print_one, print_rows
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _, spoken
from mainstay.domain.actor import authorise, sight_for
from mainstay.help_desk import actions, queries
from mainstay.help_desk.models import Ticket
from mainstay.monitoring.wording import language_of

desk_app = typer.Typer(no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="The ticket's number, without T-.")]
Words = Annotated[str, typer.Argument(help="What its reporter reads.")]


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(desk_app, name="desk")


@desk_app.command("list")
def list_tickets(
    every: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    system: Annotated[str, typer.Option(help="Only this system's.")] = "",
    kind: Annotated[str, typer.Option(help="fault, question or wish.")] = "",
    text: Annotated[str, typer.Option(help="A number, or words of subject, address or name.")] = "",
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Open tickets, those changed last first."""
    sight = sight_for(acting("desk.read"), "desk.read")
    found = queries.tickets(state="" if every else "open", system=system, kind=kind, text=text, sight=sight)
    columns = ("number", "kind", "state", "subject", "system", "address", "incident", "changed_at")
    rows = [ticket_row(row) for row in found[:limit]]
    print_rows(rows, columns, _("no ticket is open"), as_json=as_json, count=found.count())


@desk_app.command("show")
def show_ticket(number: Number, as_json: AsJson = False) -> None:
    """One ticket, what was said on it, and the letters to its reporter."""
    actor = acting("desk.read")
    with told(_absent()):
        found = queries.ticket(number, actor.sight)
        authorise(actor, "desk.read", system=found.system.name if found.system else None)
    row = ticket_rows(found, queries.messages(number), queries.deliveries(number))
    if as_json:
        print_json(row)
        return
    print(f"{row['number']}  {row['subject']}")
    print(f"{_(row['kind'])}, {_(row['state'])}, {row['name']} {row['address']}")
    for one in row["messages"]:
        print(f"  {one['at']:%Y-%m-%d %H:%M:%S}  {_(one['word']):10} {one['actor']}  {one['text']}")
    print_rows(row["letters"], ("word", "to", "sent_at", "outcome"), "", as_json=False)


@desk_app.command("open")
def open_ticket(
    subject: Annotated[str, typer.Argument(help="In a few words.")],
    text: Annotated[str, typer.Argument(help="What happened.")],
    kind: Annotated[str, typer.Option(help="fault, question or wish.")] = "fault",
    system: Annotated[str, typer.Option(help="The system that it is about.")] = "",
    address: Annotated[str, typer.Option(help="Where letters go.")] = "",
    name: Annotated[str, typer.Option(help="Who reports it.")] = "",
    as_json: AsJson = False,
) -> None:
    """In the name of somebody who called."""
    what = actions.Report(kind, subject, text, system, address, name, language_of(spoken()))
    with told():
        _done(actions.open_ticket(what, actor=acting("desk.open"), came_by="shell"), as_json)


@desk_app.command("answer")
def answer_ticket(
    number: Number,
    text: Words,
    ask: Annotated[bool, typer.Option("--ask", help="An answer of its reporter is waited for.")] = False,
    note: Annotated[bool, typer.Option("--note", help="For colleagues; its reporter does not read it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write to its reporter."""
    actor = acting("desk.answer")
    with told(_absent()):
        made = actions.note(number, text, actor=actor) if note else actions.answer(number, text, actor=actor, ask=ask)
        _done(made, as_json)


@desk_app.command("sort")
def sort_ticket(
    number: Number,
    kind: Annotated[str | None, typer.Option(help="fault, question or wish.")] = None,
    system: Annotated[str | None, typer.Option(help="The system that it is about; empty for none.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what it really is, and which system it is about."""
    with told(_absent()):
        _done(actions.sort(number, actor=acting("desk.sort"), kind=kind, system=system), as_json)


@desk_app.command("join")
def join_ticket(
    number: Number,
    incident: Annotated[int | None, typer.Argument(help="By default the worst that runs on its system.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make it part of an incident; its reporter hears how that goes on."""
    with told(_absent()):
        _done(actions.join(number, incident, actor=acting("desk.join")), as_json)


@desk_app.command("close")
def close_ticket(
    number: Number,
    text: Annotated[str, typer.Option(help="Last words to its reporter.")] = "",
    as_json: AsJson = False,
) -> None:
    """It is done; its reporter is asked how content he is."""
    with told(_absent()):
        _done(actions.close(number, actor=acting("desk.close"), text=text), as_json)


@desk_app.command("wish")
def make_requirement(number: Number, as_json: AsJson = False) -> None:
    """Keep a wish as a requirement."""
    with told(_absent()):
        row = requirement_row(actions.make_requirement(number, actor=acting("desk.wish")))
    print_one(row, _("it is requirement {number} now").format(number=row["id"]), as_json=as_json)


@desk_app.command("requirements")
def list_requirements(limit: Limit = 100, as_json: AsJson = False) -> None:
    """Wishes that are kept, the newest first."""
    found = queries.requirements(sight_for(acting("desk.read"), "desk.read"))
    columns = ("id", "title", "state", "ticket", "made_at")
    rows = [requirement_row(row) for row in found[:limit]]
    print_rows(rows, columns, _("there is no requirement"), as_json=as_json, count=found.count())


def _done(ticket: Ticket, as_json: bool) -> None:
    row = ticket_row(ticket)
    sentence = _("{number} is {state}: {subject}").format(**{**row, "state": _(row["state"])})
    print_one(row, sentence, as_json=as_json)


def _absent() -> str:
    return _("there is no ticket or incident of that number; mainstay desk list shows the tickets")
