"""``mainstay backup …``."""

import typer

from mainstay.cli import backup_jobs, backup_policies, backup_restores, certificates, policy_editing

backup_app = typer.Typer()


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    backup_policies.add(backup_app)
    policy_editing.add(backup_app)
    backup_jobs.add(backup_app)
    backup_restores.add(backup_app)
    certificates.add(backup_app)
    app.add_typer(backup_app, name="backup")
