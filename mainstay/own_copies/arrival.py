"""A copy arrives: run as a program of its own in the workspace that it was put into, before that takes its place.

``python -m mainstay.own_copies.arrival ACTOR FILE forward|as-is``: brings the database to this version's form, or
leaves it as it is, walks the audit trail, and writes the restore into it. What it prints is JSON.
"""

import json
import os
import sys
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
django.setup()

from django.core.management import call_command  # noqa: E402 - Django must be set up first
from django.db import connection, transaction  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402

from mainstay.audit import queries as audit  # noqa: E402
from mainstay.audit.actions import record  # noqa: E402
from mainstay.domain.actor import Actor, Role, authorise  # noqa: E402
from mainstay.own_copies.making import note_version  # noqa: E402
from mainstay.own_copies.models import OwnCopy  # noqa: E402
from mainstay.runbooks.actions.driving import hold_after_restore  # noqa: E402


def arrive(name: str, file: str, *, forward: bool) -> dict[str, object]:
    """What was found: records of the trail, where it is broken and why, migrations that this program does not know."""
    actor = Actor(name, Role.ADMINISTRATOR)
    authorise(actor, "self.restore")
    loader = MigrationExecutor(connection).loader
    unknown = sorted(".".join(key) for key in loader.applied_migrations if key not in loader.graph.nodes)
    if forward and not unknown:
        call_command("migrate", verbosity=0, interactive=False)
        note_version()
    verdict = audit.verify()
    with transaction.atomic():
        if forward and not unknown:
            running = OwnCopy.objects.filter(state__in=("waiting", "running"))
            running.update(
                state="failed", ended_at=datetime.now(UTC), problem="it was under way when the copy was made"
            )
            hold_after_restore(datetime.now(UTC))
        record(actor, "self.restore", file, {"records": verdict.records, "forward": forward})
    return {
        "records": verdict.records, "broken_at": verdict.broken_at, "reason": verdict.reason, "unknown": unknown,
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(arrive(sys.argv[1], sys.argv[2], forward=sys.argv[3] == "forward")))  # noqa: T201
