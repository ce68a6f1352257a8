"""``mainstay doctor`` and ``mainstay migrate``: what is wrong with this installation, and making its database ready."""

import shutil
from datetime import UTC, datetime

import typer
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from mainstay.audit import queries as audit
from mainstay.catalogue import queries as catalogue
from mainstay.cli.output import AsJson, print_json
from mainstay.monitoring import queries as monitoring
from mainstay.notices import queries as notices
from mainstay.settings import CONFIGURATION, DATA, WORKSPACE


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.command()(doctor)
    app.command()(migrate)


def migrate() -> None:
    """Make the database ready for this version. May be repeated; ``up`` does it too."""
    call_command("migrate", verbosity=0, interactive=False)
    typer.echo("the database is ready", err=True)


def doctor(as_json: AsJson = False) -> None:
    """Say what is wrong with this installation and what to do; exit code 2 when something is."""
    found = _complaints()
    if as_json:
        print_json({"ok": not found, "complaints": found})
    else:
        for line in found or ["nothing is wrong"]:
            print(line)
    raise typer.Exit(2 if found else 0)


def _complaints() -> list[str]:
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return ["the database is not ready for this version: mainstay migrate"]
    except DatabaseError as error:
        return [f"the database cannot be used: {error}"]
    now = datetime.now(UTC)
    found = [f"{name} is silent; is mainstay up running?" for name in monitoring.silent_processes(now)]
    found += [f"${{{name}}} has no value: mainstay secret set {name}" for name in catalogue.names_without_value()]
    if not catalogue.systems().exists():
        found.append(f"nothing is under care yet: write {WORKSPACE / 'catalogue'} and mainstay apply")
    if not catalogue.channels().exists():
        found.append("nobody would be told: describe a channel in the catalogue")
    if stuck := notices.undelivered(now).count():
        found.append(f"{stuck} deliveries have failed so far: mainstay notice list --outcome waiting")
    verdict = audit.verify()
    if not verdict.whole:
        found.append(f"the audit trail is broken at record {verdict.broken_at}: {verdict.reason}")
    if not CONFIGURATION.dead_man.url:
        found.append("nobody watches Mainstay itself: set dead_man.url in mainstay.toml")
    if shutil.disk_usage(DATA).free < 1 << 30:
        found.append(f"less than 1 GiB is free below {DATA}")
    return found
