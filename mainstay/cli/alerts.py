"""``mainstay alert receive``: alerts of other programs, as Alertmanager and Grafana post them."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from mainstay.api.alerts import Webhook, take_in
from mainstay.cli.output import AsJson, fail, print_one
from mainstay.cli.shell import acting
from mainstay.cli.words import _

alert_app = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.add_typer(alert_app, name="alert")


@alert_app.callback()
def alerts() -> None:
    """A group, although it has one command."""


@alert_app.command("receive")
def receive(
    file: Annotated[Path | None, typer.Argument(help="A webhook's body; without it, standard input.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take in a webhook (version 4): firing opens incidents, resolved ends them."""
    actor = acting("alert.receive")
    try:
        body = Webhook.model_validate_json(file.read_bytes() if file else sys.stdin.buffer.read())
    except OSError as error:
        fail(str(error))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "body"
        fail(_("this is no Alertmanager webhook: {where}: {what}").format(where=where, what=first["msg"]))
    done = take_in(body, actor)
    print_one(done, _("{opened} incidents opened, {ended} ended").format(**done), as_json=as_json)
