"""``mainstay health``, ``doctor`` and ``migrate``: which processes live, what is wrong here, a database made ready."""

import shutil
from datetime import UTC, datetime

import typer
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from mainstay import __version__
from mainstay.api.rows import pulse_row
from mainstay.audit import queries as audit
from mainstay.catalogue import queries as catalogue
from mainstay.cli.output import AsJson, print_json, print_rows
from mainstay.cli.shell import acting
from mainstay.cli.words import _
from mainstay.monitoring import queries as monitoring
from mainstay.notices import queries as notices
from mainstay.settings import CONFIGURATION, DATA, WORKSPACE


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.command()(health)
    app.command()(doctor)
    app.command()(migrate)


def migrate(as_json: AsJson = False) -> None:
    """Make the database ready for this version. May be repeated; ``up`` does it too."""
    call_command("migrate", verbosity=0, interactive=False)
    if as_json:
        print_json({"ready": True})
    else:
        typer.echo("the database is ready", err=True)


def health(as_json: AsJson = False) -> None:
    """Which of Mainstay's own processes live. Exit code 2 when one is silent."""
    acting("catalogue.read")
    silent = monitoring.silent_processes(datetime.now(UTC))
    rows = [pulse_row(row) for row in monitoring.pulses()]
    if as_json:
        print_json({"version": __version__, "ok": not silent, "silent": silent, "processes": rows})
    else:
        print_rows(rows, ("name", "at", "started_at"), _("none has run yet; mainstay up"), as_json=False)
        for name in silent:
            print(_("{name} is silent; is mainstay up running?").format(name=_(name)))
    raise typer.Exit(2 if silent else 0)


def doctor(as_json: AsJson = False) -> None:
    """Say what is wrong with this installation and what to do; exit code 2 when something is."""
    found = _complaints()
    if as_json:
        print_json({"ok": not found, "complaints": found})
    else:
        for line in found or [_("nothing is wrong")]:
            print(line)
    raise typer.Exit(2 if found else 0)


def _complaints() -> list[str]:
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return [_("the database is not ready for this version: mainstay migrate")]
    except DatabaseError as error:
        return [_("the database cannot be used: {text}").format(text=error)]
    now = datetime.now(UTC)
    found = [
        _("{name} is silent; is mainstay up running?").format(name=_(name)) for name in monitoring.silent_processes(now)
    ]
    found += [
        _("${{{name}}} has no value yet; give it with: mainstay secret set {name}").format(name=name)
        for name in catalogue.names_without_value()
    ]
    if not catalogue.systems().exists():
        found.append(
            _("nothing is under care yet: write {folder} and mainstay apply").format(folder=WORKSPACE / "catalogue")
        )
    if not catalogue.channels().exists():
        found.append(_("nobody would be told: describe a channel in the catalogue"))
    if stuck := notices.undelivered(now).count():
        found.append(
            _("{number} deliveries have failed so far: mainstay notice list --outcome waiting").format(number=stuck)
        )
    verdict = audit.verify()
    if not verdict.whole:
        found.append(
            _("the audit trail is broken at record {number}: {reason}").format(
                number=verdict.broken_at, reason=verdict.reason
            )
        )
    if not CONFIGURATION.dead_man.url:
        found.append(_("nobody watches Mainstay itself: set dead_man.url in mainstay.toml"))
    if not CONFIGURATION.audit_head:
        found.append(_("nobody would miss what is cut off the audit trail's end: set audit_head in mainstay.toml"))
    elif not catalogue.channels().filter(name=CONFIGURATION.audit_head).exists():
        found.append(
            _("audit_head in mainstay.toml names {name}, which is no channel").format(name=CONFIGURATION.audit_head)
        )
    if shutil.disk_usage(DATA).free < 1 << 30:
        found.append(_("less than 1 GiB is free below {folder}").format(folder=DATA))
    return found
