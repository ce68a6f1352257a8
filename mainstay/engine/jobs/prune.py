"""Thinning out: which copies go is reckoned from our own record, never by the tool; none go from what is damaged."""

from datetime import UTC, datetime

from mainstay.backups import actions, queries
from mainstay.backups.actions.asking import repositories
from mainstay.backups.models import Copy, Repository
from mainstay.domain.retention import AHEAD
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.restic import Restic
from mainstay.engine.jobs.bench import Bench


def run(bench: Bench) -> None:
    """Each repository by itself."""
    dropped = {repository.store.name: _thin(bench, repository) for repository in repositories(bench.job.policy)}
    actions.finish(bench.job, datetime.now(UTC), bench.report(dropped=dropped))


def _thin(bench: Bench, repository: Repository) -> int:
    with bench.step(f"looking through {repository.store.name}"):
        restic = bench.known(repository)
        _require_sound(bench, repository, restic)
    now = datetime.now(UTC)
    found = queries.retention(repository, now)
    if found.refused:
        raise ToolFailed("refused", str(found.refused))
    with bench.step(f"dropping from {repository.store.name}"):
        goes = [copy for copy in found.goes if copy not in queries.wanted_copies(bench.job.policy)]
        actions.drop(bench.job, dict.fromkeys(goes, "retention"), now)
        gone = Copy.objects.filter(repository=repository).exclude(dropped_at=None)
        there = {one.identifier for one in restic.snapshots()}
        # Also those that a run which died had struck off and not yet removed.
        left = [row.identifier for row in gone if row.identifier in there]
        restic.drop(left)
    if left:
        with bench.step(f"pruning {repository.store.name}"):
            restic.prune(bench.until)
            free = bench.store(repository.store).free(bench.path)
            actions.looked_through(bench.job, repository, datetime.now(UTC), "", free=free)
    return len(left)


def _require_sound(bench: Bench, repository: Repository, restic: Restic) -> None:
    """Damage that is on record or found now may leave these copies as the only ones; a snapshot from the future means
    that a clock stood wrong, and then nobody knows which copies are old."""
    if repository.damage:
        raise ToolFailed("damaged", f"{repository.store.name}: nothing is dropped: {repository.damage[:300]}")
    if damage := restic.check(bench.until):
        actions.looked_through(bench.job, repository, datetime.now(UTC), damage)
        raise ToolFailed("damaged", f"{repository.store.name}: nothing is dropped: {damage[:300]}")
    horizon = datetime.now(UTC) + AHEAD
    if ahead := [one for one in restic.snapshots() if one.at > horizon]:
        when = ahead[0].at.isoformat(timespec="minutes")
        raise ToolFailed("refused", f"a snapshot in {repository.store.name} is dated {when}: nothing is dropped")
