"""Taking a copy: room looked for, the tool, the repository, a look behind both; and only then it counts."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from mainstay.backups import actions, queries
from mainstay.backups.models import Copy, Repository
from mainstay.backups.queries.means import asked
from mainstay.drivers import program
from mainstay.drivers.backup_tools import Taken, ToolFailed
from mainstay.drivers.restic import Restic, Saved
from mainstay.engine.jobs import places
from mainstay.engine.jobs.bench import Bench

SPARE = 64_000_000
"""Bytes that stay free on this machine and in a store."""


def run(bench: Bench) -> None:
    """One copy in the first store; the second site is another job's work."""
    job, source = bench.job, bench.means.source
    bench.require_tools()
    tool = bench.tool(source)
    with bench.step("opening"):
        repository, restic = bench.repository(bench.means.stores[0])
    with bench.step("estimating"):
        _require_room(bench, tool, repository)
    base = _base(bench, repository)
    with bench.step("taking"):
        stage = bench.room("stage")
        given = bench.run(stage, level=job.level, base=dict(base.point) if base else {})
        taken: Taken = tool.take(given)
    tags = [f"run={job.worker}", f"job={job.pk}", f"policy={job.policy}"]
    with bench.step("saving"):
        saved = restic.save(stage, tags, bench.until, bench.progress.say, bench.meant.rate, **_what(taken))
    with bench.step("checking"):
        taken = tool.confirm(given, taken)
        bench.versions |= {**taken.versions, "restic": program.version("restic")}
        _look_behind(bench, repository, restic, taken, saved)
    _keep(bench, repository, base, taken, saved)


def _require_room(bench: Bench, tool: Any, repository: Repository) -> None:
    needed = tool.estimate()
    store = bench.store(repository.store)
    if not bench.means.source.paths:  # what is copied as it lies is not staged
        bench.require_room("this machine", needed + SPARE, places.free(bench.directory))
    known = queries.newest_copy(bench.job.policy, repository)
    growth = min(needed, 2 * known.added + SPARE) if known else needed  # what is there already is not stored again
    bench.require_room(f"the store {repository.store.name}", growth + SPARE, store.free(bench.path))


def _base(bench: Bench, repository: Repository) -> Copy | None:
    """What an incremental copy is made upon; without one it becomes a full copy, and the story says so."""
    if bench.job.level != "incremental":
        return None
    base = queries.newest_copy(bench.job.policy, repository)
    if base is None:
        bench.job.level = "full"
        actions.tell(bench.job, datetime.now(UTC), "no-base")
    return base


def _what(taken: Taken) -> dict[str, Any]:
    """What lies where it is, instead of the stage."""
    paths = tuple(taken.point.get("paths") or ())
    return {"paths": paths, "exclude": tuple(taken.point.get("exclude") or ())} if paths else {}


def _look_behind(bench: Bench, repository: Repository, restic: Restic, taken: Taken, saved: Saved) -> None:
    """The repository is whole after it, and what it holds is what the tool left."""
    if taken.size > 0 and saved.size == 0:
        raise ToolFailed("incomplete", "the snapshot is empty")
    damage = restic.check(bench.until)
    free = bench.store(repository.store).free(bench.path)
    actions.looked_through(bench.job, repository, datetime.now(UTC), damage, free=free)
    if damage:
        raise ToolFailed("damaged", f"the repository in {repository.store.name}: {damage[:300]}")


def _keep(bench: Bench, repository: Repository, base: Copy | None, taken: Taken, saved: Saved) -> None:
    now = datetime.now(UTC)
    values = {
        "identifier": saved.identifier, "level": bench.job.level or "full", "base": base, "at": taken.at,
        "size": saved.size, "added": saved.added, "point": dict(taken.point), "fingerprint": dict(taken.fingerprint),
        "asked": asked(bench.means.source), "versions": bench.versions,
    }  # fmt: skip
    with transaction.atomic():
        copy = actions.keep_copy(bench.job, repository, values, now)
        actions.finish(bench.job, now, bench.report(saved=asdict(saved), copy=copy.pk))
        actions.follow_up(bench.job, copy, now)
