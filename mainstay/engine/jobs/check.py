"""Looking through a policy's repositories: that all is there, and the data of one part of it, all of it in a month."""

from datetime import UTC, datetime

from mainstay.backups import actions
from mainstay.backups.actions.asking import repositories
from mainstay.engine.jobs.bench import Bench

PARTS = 30


def run(bench: Bench) -> None:
    """Each store's repository; one that cannot be reached does not cost the others their look."""
    found = {}
    failures: list[Exception] = []
    for repository in repositories(bench.job.policy):
        with bench.step(f"checking {repository.store.name}"):
            # What was found damaged is whole again only when all of its data has been read.
            again = bool(repository.damage)
            part = repository.part if again else repository.part % PARTS + 1
            try:
                restic = bench.known(repository)
                damage = restic.check(bench.until, None if again else part, PARTS, all_data=again)
                size, free = None if damage else restic.size(), bench.store(repository.store).free(bench.path)
            except (actions.Lost, KeyboardInterrupt):
                raise
            except Exception as error:
                failures.append(error)
                continue
            now = datetime.now(UTC)
            actions.looked_through(bench.job, repository, now, damage, part=part, size=size, free=free)
            found[repository.store.name] = damage[:300] or "whole"
    if failures:
        raise failures[0]
    actions.finish(bench.job, datetime.now(UTC), bench.report(found=found))
