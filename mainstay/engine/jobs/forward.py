"""Bringing a copy to the second site. It is owed until it is done."""

from datetime import UTC, datetime

from django.db import transaction

from mainstay.backups import actions
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.engine.jobs.bench import Bench


def run(bench: Bench) -> None:
    """The job's copy; one that is there already, because a run died after it had brought it, is only written down."""
    job, copy = bench.job, bench.job.copy
    if len(bench.means.stores) < 2 or copy is None or copy.dropped_at is not None:
        actions.finish(job, datetime.now(UTC), bench.report(nothing="no copy to bring, or no second site"))
        return
    with bench.step("opening"):
        first = bench.known(copy.repository)
        repository, second = bench.repository(bench.means.stores[1], first)
        free = bench.store(repository.store).free(bench.path)
        bench.require_room(f"the store {repository.store.name}", copy.added, free)
    with bench.step("forwarding"):
        saved = first.forward(copy.identifier, second, bench.until, bench.room("carry"))
    with bench.step("checking"):
        damage = second.check(bench.until)
        now, free = datetime.now(UTC), bench.store(repository.store).free(bench.path)
        actions.looked_through(job, repository, now, damage, free=free)
        if damage:
            raise ToolFailed("damaged", f"the repository in {repository.store.name}: {damage[:300]}")
    twin_of_base = copy.base.forwarded.filter(repository=repository).first() if copy.base else None
    values = {
        "identifier": saved.identifier, "made_from": copy, "level": copy.level, "base": twin_of_base, "at": copy.at,
        "size": saved.size, "added": saved.added, "point": copy.point, "fingerprint": copy.fingerprint,
        "asked": copy.asked, "versions": copy.versions,
    }  # fmt: skip
    with transaction.atomic():
        now = datetime.now(UTC)
        twin = copy.forwarded.filter(repository=repository).first() or actions.keep_copy(job, repository, values, now)
        actions.finish(job, now, bench.report(copy=twin.pk))
