"""Run as ``python -m tests.line.killed_restores FOLDER`` in a workspace of its own: kills the worker of a restore to
the live place at each point, lets another go on, and prints what was found after each as JSON."""

import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - Django must be set up first

from mainstay.backups import actions, queries  # noqa: E402
from mainstay.backups.models import Copy, Job  # noqa: E402
from mainstay.domain.actor import Actor, Role  # noqa: E402
from mainstay.drivers.landings.sqlite import Landing  # noqa: E402
from mainstay.drivers.restic import Restic  # noqa: E402
from mainstay.engine import restoring  # noqa: E402
from mainstay.engine.jobs import leftovers, places  # noqa: E402
from tests.line.copied_shop import Shop  # noqa: E402
from tests.line.killed_backups import after, before, finish, forked, work  # noqa: E402

BOB, EVE = Actor("person:bob", Role.APPROVER), Actor("person:eve", Role.APPROVER)
POINTS: dict[str, Callable[[], None]] = {
    "loaded": after(Restic, "load"),
    "about to begin": before(actions, "begin"),
    "begun, the place untouched": after(actions, "begin"),
    "entered, not written down": after(Landing, "enter"),
    "entered, then somebody wrote": after(Landing, "enter"),
    "about to be called done": before(actions, "restored"),
}
WRITE = "insert into orders values (99, 'S00099', 'new', '2026-11-27', '2026-11-27', '1')"


def orders(shop: Shop) -> int:
    with closing(sqlite3.connect(shop.books)) as books:
        return int(books.execute("select count(*) from orders").fetchone()[0])


def killed(shop: Shop, copy: Copy, name: str) -> dict[str, Any]:
    Job.objects.filter(state="waiting").delete()
    shop.change("delete from orders where id > 40", WRITE)
    row = restoring.ask("shop/nightly", copy.pk, "live", reason="x", actor=BOB)
    actions.approve(row.pk, row.seal, datetime.now(UTC), actor=EVE)
    finish()
    actions.proceed(datetime.now(UTC))
    job = queries.restore(row.pk).job
    assert job is not None
    ended = forked(lambda: work(POINTS[name]))
    dead = queries.restore(row.pk)
    then = orders(shop)
    if name == "entered, then somebody wrote":
        shop.change(WRITE.replace("99", "98"))  # something that neither was nor is in the copy
    actions.reclaim(datetime.now(UTC), dead={job.pk: "its worker was ended by signal 9"})
    leftovers.sweep(places.place(job.pk))
    Job.objects.filter(pk=job.pk).update(not_before=None)
    again = forked(lambda: work(lambda: None))
    actions.proceed(datetime.now(UTC))
    end = queries.restore(row.pk)
    return {
        "signal": ended, "again": again, "then": then, "place": dead.place, "state": dead.state,
        "end": [end.state, end.place, orders(shop)], "story": [entry["word"] for entry in end.story],
        "places": len(places.numbers()), "beside": [path.name for path in shop.folder.glob(".*.restore-*")],
        "maintenance": sorted(queries.under_maintenance(["shop"])),
    }  # fmt: skip


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    shop = Shop(Path(sys.argv[1]), prove={"after_each": False})
    shop.run()
    print(json.dumps({name: killed(shop, Copy.objects.earliest("pk"), name) for name in POINTS}))
