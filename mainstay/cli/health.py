"""``mainstay health``, ``doctor`` and ``migrate``: which processes live, what is wrong here, a database made ready."""

import shutil
from datetime import UTC, datetime
from typing import Annotated

import typer
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from mainstay import __version__
from mainstay.api.rows import pulse_row
from mainstay.audit import queries as audit
from mainstay.catalogue import queries as catalogue
from mainstay.cli.output import AsJson, print_json, print_rows
from mainstay.cli.shell import acting, told
from mainstay.cli.trouble import in_words
from mainstay.cli.words import _
from mainstay.monitoring import queries as monitoring
from mainstay.notices import queries as notices
from mainstay.own_copies import queries as own_copies
from mainstay.own_copies.actions import make_ready
from mainstay.settings import CONFIGURATION, DATA, WORKSPACE


def register(app: typer.Typer) -> None:
    """Put the commands into the main program."""
    app.command()(health)
    app.command()(doctor)
    app.command()(migrate)


def migrate(
    without_copy: Annotated[bool, typer.Option("--without-copy", help="Make no copy first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the database ready for this version. May be repeated; ``up`` does it too."""
    with told():
        make_ready(lambda words: typer.echo(in_words(words), err=True), without_copy=without_copy)
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
    found += _own_copies()
    if shutil.disk_usage(DATA).free < 1 << 30:
        found.append(_("less than 1 GiB is free below {folder}").format(folder=DATA))
    return found


def _own_copies() -> list[str]:
    told = own_copies.overview(datetime.now(UTC))
    name = CONFIGURATION.own_copies.passphrase
    if not told["directory"]:
        return [_("no copies of Mainstay itself are made: set own_copies.directory in mainstay.toml")]
    found = []
    if not told["passphrase"]:
        found.append(
            _("the copies of Mainstay itself have no passphrase: mainstay secret set {name}").format(name=name)
        )
    if not told["copies"]:
        found.append(_("there is no copy of Mainstay itself in {folder} yet").format(folder=told["directory"]))
    if told["last"] is not None and told["last"].state == "failed":
        found.append(_("the last copy of Mainstay itself failed: {reason}").format(reason=told["last"].problem))
    return found
