"""``mainstay backup …``."""

import typer

from mainstay.cli import backup_policies

backup_app = typer.Typer()


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    backup_policies.add(backup_app)
    app.add_typer(backup_app, name="backup")
