"""``mainstay notice …`` and ``mainstay channel …``: who was told, and what the receiver answered."""

from typing import Annotated

import typer

from mainstay.api.rows import channel_row, delivery_row
from mainstay.catalogue import queries as catalogue
from mainstay.cli.output import AsJson, Limit, print_one, print_rows
from mainstay.cli.shell import acting, told
from mainstay.cli.words import _
from mainstay.notices import actions, queries

notice_app = typer.Typer(no_args_is_help=True)
channel_app = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(notice_app, name="notice")
    app.add_typer(channel_app, name="channel")


@notice_app.command("list")
def list_notices(
    outcome: Annotated[str, typer.Option(help="waiting, sent or failed.")] = "",
    incident: Annotated[int | None, typer.Option(help="Only of this incident.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """Deliveries, newest first, with the receiver's answer."""
    sight = acting("notice.read").sight
    found = queries.deliveries(incident_id=incident, outcome=outcome, sight=sight)
    columns = ("id", "at", "word", "incident", "channel", "attempts", "sent_at", "outcome")
    rows = [delivery_row(row) for row in found[:limit]]
    print_rows(rows, columns, _("nothing was to be told yet"), as_json=as_json, count=found.count())


@notice_app.command("retry")
def retry(number: Annotated[int, typer.Argument(help="The delivery's number.")], as_json: AsJson = False) -> None:
    """Send a waiting or given-up delivery now."""
    with told(_("there is no delivery {number}; mainstay notice list shows all").format(number=number)):
        row = delivery_row(actions.retry(number, actor=acting("notice.retry")))
    print_one(row, _("delivery {number} goes out now").format(number=number), as_json=as_json)


@channel_app.command("list")
def list_channels(as_json: AsJson = False) -> None:
    """Every way to tell somebody."""
    sight = acting("catalogue.read").sight
    rows = [channel_row(row) for row in catalogue.channels(sight)]
    print_rows(rows, ("name", "kind", "language"), _("no channels yet; nobody would be told"), as_json=as_json)


@channel_app.command("test")
def try_channel(name: Annotated[str, typer.Argument(help="The channel's name.")], as_json: AsJson = False) -> None:
    """Send a test message; mainstay notice list shows what the receiver answered."""
    with told(_("there is no channel {name}; mainstay channel list shows all").format(name=name)):
        row = delivery_row(actions.test_channel(name, actor=acting("channel.test")))
    print_one(row, _("a test for {name} is on its way; see mainstay notice list").format(name=name), as_json=as_json)
