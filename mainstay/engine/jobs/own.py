"""The acts on the copies of a tool that keeps repositories of its own: one in each store, numbered from 1.

The second site gets copies of its own, taken from the source: what lies there does not hang upon what lies here.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from mainstay.backups import actions, queries
from mainstay.backups.actions.asking import repositories
from mainstay.backups.models import Copy, Repository
from mainstay.backups.queries.means import asked
from mainstay.drivers.backup_tools import Taken, ToolFailed
from mainstay.engine.jobs.bench import Bench

SPARE = 64_000_000


def backup(bench: Bench) -> None:
    """A copy in the first store."""
    _take(bench, 1, None)


def forward(bench: Bench) -> None:
    """A copy at the second site, for one that was taken in the first store."""
    copy = bench.job.copy
    if len(bench.means.stores) < 2 or copy is None or copy.dropped_at is not None:
        actions.finish(bench.job, datetime.now(UTC), bench.report(nothing="no copy to bring, or no second site"))
        return
    _take(bench, 2, copy)


def check(bench: Bench) -> None:
    """All data of every repository is read."""
    found = {}
    for repository in repositories(bench.job.policy):
        with bench.step(f"checking {repository.store.name}"):
            damage = _tool(bench).check(_run(bench), number_of(bench, repository))
            free = bench.store(repository.store).free(bench.path)
            now = datetime.now(UTC)
            actions.looked_through(bench.job, repository, now, damage, part=1, free=free)
            found[repository.store.name] = damage[:300] or "whole"
    actions.finish(bench.job, datetime.now(UTC), bench.report(found=found))


def prune(bench: Bench) -> None:
    """Each repository by itself, from our own record; nothing goes from what is damaged."""
    dropped = {}
    for repository in repositories(bench.job.policy):
        number, tool = number_of(bench, repository), _tool(bench)
        with bench.step(f"looking through {repository.store.name}"):
            damage = repository.damage or tool.check(_run(bench), number)
            if damage:
                actions.looked_through(bench.job, repository, datetime.now(UTC), damage)
                raise ToolFailed("damaged", f"{repository.store.name}: nothing is dropped: {damage[:300]}")
        found = queries.retention(repository, datetime.now(UTC))
        if found.refused:
            raise ToolFailed("refused", str(found.refused))
        with bench.step(f"dropping from {repository.store.name}"):
            goes = [copy for copy in found.goes if copy not in queries.wanted_copies(bench.job.policy)]
            actions.drop(bench.job, dict.fromkeys(goes, "retention"), datetime.now(UTC))
            there = set(tool.strays(_run(bench), (), number))
            gone = Copy.objects.filter(repository=repository, identifier__in=there).exclude(dropped_at=None)
            labels = list(gone.values_list("identifier", flat=True))
            if labels:
                tool.drop(_run(bench), labels, number)
            dropped[repository.store.name] = len(labels)
    actions.finish(bench.job, datetime.now(UTC), bench.report(dropped=dropped))


def number_of(bench: Bench, repository: Repository) -> int:
    """The tool's number of a repository: that of its store among the policy's. Raises ToolFailed."""
    names = [store.name for store in bench.means.stores]
    if repository.store.name not in names:
        raise ToolFailed("absent", f"the policy does not name the store {repository.store.name} any more")
    return names.index(repository.store.name) + 1


def _take(bench: Bench, number: int, twin: Copy | None) -> None:
    bench.require_tools()
    job, store, tool = bench.job, bench.means.stores[number - 1], _tool(bench)
    if why := tool.unfit():
        raise ToolFailed("refused", "; ".join(map(str, why)))
    repository = actions.keep_repository(job, store, f"{bench.path}#{number}", datetime.now(UTC))
    with bench.step("estimating"):
        known = queries.newest_copy(job.policy, repository)
        needed = min(tool.estimate(), 2 * known.added + SPARE) if known else tool.estimate() // 2
        bench.require_room(f"the store {store.name}", needed + SPARE, bench.store(store).free(bench.path))
    with bench.step("taking"):
        base = known if job.level == "incremental" or (twin and twin.level == "incremental") else None
        level, rests = ("incremental", dict(base.point)) if base else ("full", {})
        taken: Taken = tool.take(bench.run(bench.directory, level=level, base=rests), number)
    bench.versions |= dict(taken.versions)
    _tidy(bench, tool, repository, number, [str(taken.point["label"])])
    _keep(bench, repository, taken, twin)


def _tidy(bench: Bench, tool: Any, repository: Repository, number: int, made: Sequence[str]) -> None:
    """What runs that died here left, as far as it is whole; the tool itself resumes or removes the rest."""
    if runs := list(repository.unclean):
        known = [*Copy.objects.filter(repository=repository).values_list("identifier", flat=True), *made]
        strays = tool.strays(_run(bench), known, number)
        rests = {label for label in strays if any(one.startswith(f"{label}_") for one in made)}
        tool.drop(_run(bench), [label for label in strays if label not in rests], number)
        actions.cleaned(bench.job, repository, runs, strays)


def _keep(bench: Bench, repository: Repository, taken: Taken, twin: Copy | None) -> None:
    now, point = datetime.now(UTC), taken.point
    level = "full" if point["level"] == "full" else "incremental"
    rests = list(point.get("references") or ())
    base = Copy.objects.filter(repository=repository, identifier__in=rests).order_by("-at").first()
    values = {
        "identifier": point["label"], "made_from": twin, "level": level, "base": base, "at": taken.at,
        "size": taken.size, "added": int(point.get("added") or 0), "point": dict(point),
        "fingerprint": dict(taken.fingerprint), "asked": asked(bench.means.source), "versions": bench.versions,
    }  # fmt: skip
    with transaction.atomic():
        copy = actions.keep_copy(bench.job, repository, values, now)
        actions.finish(bench.job, now, bench.report(copy=copy.pk))
        if twin is None:
            actions.follow_up(bench.job, copy, now)


def _tool(bench: Bench) -> Any:
    return bench.tool(bench.means.source)


def _run(bench: Bench) -> Any:
    return bench.run(bench.directory)
