"""``mainstay incident …`` and ``mainstay notice …``."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from mainstay.api.incidents import entry_row, incident_row, member_row
from mainstay.api.notices import delivery_row
from mainstay.catalogue.models import Channel, Component, System
from mainstay.cli.catalogue import shell_actor
from mainstay.cli.output import AsJson, ago, fail, print_json, print_one, print_rows
from mainstay.incidents import actions, queries
from mainstay.incidents.models import Incident
from mainstay.notices import actions as notice_actions
from mainstay.notices import queries as notice_queries
from mainstay.notices.models import Delivery

incident_app = typer.Typer(help="Incidents.", no_args_is_help=True)
notice_app = typer.Typer(help="Notices and what became of them.", no_args_is_help=True)
channel_app = typer.Typer(help="Ways to tell somebody.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(incident_app, name="incident")
    app.add_typer(notice_app, name="notice")
    app.add_typer(channel_app, name="channel")


def _act(work: Callable[[], Any]) -> Any:
    """An act whose refusal is a sentence."""
    try:
        return work()
    except Incident.DoesNotExist:
        fail("there is no such incident; mainstay incident list shows all")
    except (System.DoesNotExist, Component.DoesNotExist) as error:
        fail(str(error))
    except ValueError as error:
        fail(str(error))


@incident_app.command("list")
def list_incidents(
    every: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    system: Annotated[str, typer.Option(help="Only this system's.")] = "",
    text: Annotated[str, typer.Option(help="Words of the title, or a number.")] = "",
    limit: int = 100,
    as_json: AsJson = False,
) -> None:
    """Running incidents, newest first."""
    found = queries.search(state="" if every else "running", system=system, text=text)[:limit]
    columns = ("id", "level", "category", "state", "system", "title", "since")
    print_rows([incident_row(row) for row in found], columns, "no incident is running", as_json=as_json)


@incident_app.command("show")
def show_incident(number: int, as_json: AsJson = False) -> None:
    """One incident with its members and its timeline."""
    row = incident_row(_act(lambda: queries.incident(number)))
    members = [member_row(one) for one in queries.members(number)]
    timeline = [entry_row(one) for one in queries.timeline(number)]
    if as_json:
        print_json({**row, "members": members, "timeline": timeline, "explanation": queries.explain(number)})
        return
    print(f"{row['id']}  {row['title']['en']}")
    print(f"level {row['level']}, {row['category']}, {row['state']}, since {ago(row['since'])}")
    print_rows(members, ("role", "check", "state", "joined_at", "recovered_at"), "", as_json=False)
    for entry in timeline:
        print(f"  {entry['at']:%Y-%m-%d %H:%M:%S}  {entry['word']:13} {entry['actor']}  {entry['text']}")


Number = Annotated[int, typer.Argument(help="The incident's number.")]
Note = Annotated[str, typer.Option("--note", help="Words for the timeline.")]


def _done(incident: Incident, as_json: bool) -> None:
    print_one(incident_row(incident), f"incident {incident.pk} is {incident.state}", as_json=as_json)


@incident_app.command("ack")
def acknowledge(number: Number, note: Note = "", as_json: AsJson = False) -> None:
    """Take it on."""
    _done(_act(lambda: actions.acknowledge(number, actor=shell_actor(), note=note)), as_json)


@incident_app.command("note")
def add_note(number: Number, text: str, as_json: AsJson = False) -> None:
    """Add to the timeline."""
    entry = _act(lambda: actions.note(number, text, actor=shell_actor()))
    print_one(entry_row(entry), f"noted on incident {number}", as_json=as_json)


@incident_app.command("resolve")
def resolve(number: Number, note: Note = "", as_json: AsJson = False) -> None:
    """End it by hand."""
    _done(_act(lambda: actions.resolve(number, actor=shell_actor(), note=note)), as_json)


@incident_app.command("reopen")
def reopen(number: Number, reason: Annotated[str, typer.Option()], as_json: AsJson = False) -> None:
    """It was not over."""
    _done(_act(lambda: actions.reopen(number, actor=shell_actor(), reason=reason)), as_json)


@incident_app.command("regrade")
def regrade(
    number: Number,
    reason: Annotated[str, typer.Option()],
    level: Annotated[int | None, typer.Option(min=1, max=3)] = None,
    category: Annotated[str | None, typer.Option(help="system, data or business")] = None,
    as_json: AsJson = False,
) -> None:
    """Set level or category by hand."""
    changed = _act(lambda: actions.regrade(number, level=level, category=category, reason=reason, actor=shell_actor()))
    print_one(incident_row(changed), f"incident {number} is level {changed.level}, {changed.category}", as_json=as_json)


@incident_app.command("open")
def open_incident(
    system: str,
    title: str,
    level: Annotated[int, typer.Option(min=1, max=3)] = 3,
    category: Annotated[str, typer.Option(help="system, data or business")] = "system",
    component: Annotated[str | None, typer.Option()] = None,
    text: Annotated[str, typer.Option()] = "",
    as_json: AsJson = False,
) -> None:
    """Report a fault that no check sees."""
    made = _act(
        lambda: actions.open_by_hand(
            system=system,
            component=component,
            title=title,
            category=category,
            level=level,
            text=text,
            actor=shell_actor(),
        )
    )
    print_one(incident_row(made), f"incident {made.pk} is open", as_json=as_json)


@notice_app.command("list")
def list_notices(
    outcome: Annotated[str, typer.Option(help="waiting, sent or failed")] = "",
    incident: Annotated[int | None, typer.Option(help="Only of this incident.")] = None,
    limit: int = 100,
    as_json: AsJson = False,
) -> None:
    """Deliveries, newest first, with the receiver's answer."""
    found = notice_queries.deliveries(incident_id=incident, outcome=outcome)[:limit]
    columns = ("id", "at", "word", "incident", "channel", "attempts", "sent_at", "outcome")
    print_rows([delivery_row(row) for row in found], columns, "nothing was to be told yet", as_json=as_json)


@notice_app.command("retry")
def retry(number: int, as_json: AsJson = False) -> None:
    """Send a waiting or given-up delivery now."""
    try:
        row = delivery_row(_act(lambda: notice_actions.retry(number, actor=shell_actor())))
    except Delivery.DoesNotExist:
        fail(f"there is no delivery {number}")
    print_one(row, f"delivery {number} goes out now", as_json=as_json)


@channel_app.command("test")
def try_channel(name: str, as_json: AsJson = False) -> None:
    """Send a test message; mainstay notice list shows what the receiver answered."""
    try:
        row = delivery_row(notice_actions.test_channel(name, actor=shell_actor()))
    except Channel.DoesNotExist:
        fail(f"there is no channel {name}")
    print_one(row, f"a test for {name} is on its way; see mainstay notice list", as_json=as_json)
