"""``mainstay up``: run Mainstay until Ctrl-C."""

from enum import StrEnum
from typing import Annotated

import typer

from mainstay.settings import CONFIGURATION
from mainstay.supervisor import ROLES, CannotStart, Supervisor


class Part(StrEnum):
    """Which processes to run here."""

    ALL = "all"
    WEB = "web"
    CHECKER = "checker"
    ENGINE = "engine"


def register(app: typer.Typer) -> None:
    """Put the command into the main program."""
    app.command()(up)


def up(role: Annotated[Part, typer.Option(help="Run only one of the processes.")] = Part.ALL) -> None:
    """Run: the web pages, the checker and the engine, each started again whenever it ends."""
    roles = ROLES if role is Part.ALL else (role.value,)
    if "web" in roles:
        typer.echo(f"http://{CONFIGURATION.address}:{CONFIGURATION.port}/  (Ctrl-C ends it)", err=True)
    try:
        Supervisor(roles).run()
    except CannotStart as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(78) from error
