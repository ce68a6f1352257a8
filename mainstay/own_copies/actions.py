"""Writing: copies of Mainstay itself are asked for, made, recorded; the database is made ready for this version."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from mainstay import __version__
from mainstay.audit.actions import record
from mainstay.audit.models import Record
from mainstay.domain.actor import ENGINE, Actor, authorise
from mainstay.domain.own_copy import Manifest, Unfit, fit_passphrase
from mainstay.domain.placeholder import Unfilled
from mainstay.domain.saying import say
from mainstay.drivers import sealed_file
from mainstay.own_copies import making, queries
from mainstay.own_copies.models import OwnCopy
from mainstay.people.models import Person
from mainstay.settings import CONFIGURATION

_log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
"""For so long a copy counts as being made after its worker last said so."""


def copy_to(target: Path, passphrase: str, *, actor: Actor) -> tuple[Manifest, int]:
    """Make a copy here and now; what it holds, and the bytes of the file. Raises Unfit, OSError."""
    authorise(actor, "self.backup")
    began = datetime.now(UTC)
    manifest = making.make(target, sealed_file.by_passphrase(fit_passphrase(passphrase)))
    size = target.stat().st_size
    with transaction.atomic():
        OwnCopy.objects.create(
            asked_at=began, asked_by=actor.name, state="done", started_at=began, ended_at=datetime.now(UTC),
            path=str(target.absolute()), size=size,
        )  # fmt: skip
        record(actor, "self.backup", target.name, _told(manifest, target, size))
    return manifest, size


def ask(*, actor: Actor) -> OwnCopy:
    """Ask the engine for a copy now; one that waits or runs already is the answer. Raises Unfit."""
    authorise(actor, "self.backup")
    if queries.directory() is None:
        raise Unfit(say("nobody said where copies of Mainstay itself go: set own_copies.directory in mainstay.toml"))
    if not queries.has_passphrase():
        raise Unfit(
            say(
                "the copies have no passphrase yet: mainstay secret set %(name)s",
                name=CONFIGURATION.own_copies.passphrase,
            )
        )
    with transaction.atomic():
        if (found := queries.under_way()) is not None:
            return found
        made = OwnCopy.objects.create(asked_at=datetime.now(UTC), asked_by=actor.name)
        record(actor, "self.backup", f"own copy {made.pk}", {"asked": True})
    return made


# The engine's part


def ask_by_schedule(now: datetime) -> OwnCopy | None:
    """When the schedule's next copy is due, and none is under way."""
    due = queries.next_at(now)
    if due is None or due > now or queries.under_way() is not None:
        return None
    made, new = OwnCopy.objects.get_or_create(tick=now, defaults={"asked_at": now, "asked_by": ENGINE.name})
    return made if new else None


def take(worker: str, now: datetime) -> OwnCopy | None:
    """The one that waits, for this worker alone."""
    waiting = OwnCopy.objects.filter(state="waiting").order_by("asked_at").first()
    if waiting is None:
        return None
    try:
        with transaction.atomic():
            mine = OwnCopy.objects.filter(pk=waiting.pk, state="waiting")
            if not mine.update(state="running", worker=worker[:100], started_at=now, leased_until=now + LEASE):
                return None
    except IntegrityError:  # another one runs
        return None
    return waiting


def renew(copy: OwnCopy, now: datetime) -> None:
    """The worker lives."""
    OwnCopy.objects.filter(pk=copy.pk, state="running").update(leased_until=now + LEASE)


def give_up_lost(now: datetime) -> int:
    """Copies whose worker is gone have failed; how many."""
    lost = OwnCopy.objects.filter(state="running", leased_until__lt=now)
    return lost.update(state="failed", ended_at=now, problem="Mainstay was ended while it made the copy")


def carry_out(copy: OwnCopy) -> None:
    """Make the copy that was taken, drop those beyond what is kept, and record what came of it."""
    where = queries.directory()
    try:
        if where is None:
            raise Unfit(
                say("nobody said where copies of Mainstay itself go: set own_copies.directory in mainstay.toml")
            )
        target = where / making.name(datetime.now(UTC))
        manifest = making.make(target, sealed_file.by_passphrase(fit_passphrase(queries.passphrase())))
    except (Unfit, Unfilled, OSError) as error:
        _log.error("the copy of Mainstay itself failed: %s", error)
        _end(copy, state="failed", problem=str(error)[:1000])
        return
    size = target.stat().st_size
    gone = making.drop_surplus(where, CONFIGURATION.own_copies.keep)
    with transaction.atomic():
        _end(copy, state="done", path=str(target), size=size)
        told = {**_told(manifest, target, size), "asked_by": copy.asked_by, "dropped": gone}
        record(ENGINE, "self.backup", target.name, told)


def _end(copy: OwnCopy, **values: Any) -> None:
    OwnCopy.objects.filter(pk=copy.pk).update(ended_at=datetime.now(UTC), **values)


def _told(manifest: Manifest, target: Path, size: int) -> dict[str, Any]:
    number, digest = manifest.head
    return {
        "path": str(target.absolute()), "size": size, "files": len(manifest.members), "version": manifest.version,
        "head": f"{number}:{digest}",
    }  # fmt: skip


# Ready for this version


def _holds_something() -> bool:
    """Whether anything was ever done in this database. One whose making was broken off, by a full disk or a kill, has
    tables and nobody in them."""
    there = set(connection.introspection.table_names())
    return any(model._meta.db_table in there and model._default_manager.exists() for model in (Record, Person))


def make_ready(tell: Callable[[str], None], *, without_copy: bool = False) -> None:
    """Bring the database to this version's form. One that holds something is copied first, and ``tell`` says where to.
    Raises Unfit when that copy cannot be made, and then nothing was changed; DatabaseError."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    before = None
    if plan and _holds_something() and not without_copy:
        try:
            before = making.before_upgrade()
        except (Unfit, OSError) as error:
            words = say(
                "before the upgrade a copy is made, and that failed: %(why)s. Mend it, or go without: mainstay migrate "
                "--without-copy",
                why=error,
            )  # fmt: skip
            raise Unfit(words) from error
        tell(
            say(
                "the state before the upgrade is kept in %(path)s; back to it: mainstay restore-self --undo-upgrade",
                path=before,
            )
        )
    call_command("migrate", verbosity=0, interactive=False)
    making.note_version()
    if before is not None:
        with transaction.atomic():
            record(ENGINE, "self.backup", before.name, {"path": str(before), "before": __version__})
