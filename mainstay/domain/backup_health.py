"""How a policy's copies are: what its checks look at, judged from what is on record.

Each look gives numbers for the check's conditions, or the problem that needs none. A policy that never had a copy is
late from the first run that it missed, and unproved from the day on which it came to be.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from mainstay.domain.backup_schedule import Plan, owed
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say

METRICS = {
    "late": "s", "age": "s", "failures": "1", "size": "B", "size_ratio": "%", "unproved": "s", "behind": "s",
    "unchecked": "s", "free": "B", "days_left": "d", "key": "1",
}  # fmt: skip
"""Metric → unit of all looks together."""
TITLES = {
    "late": say("time behind schedule"), "age": say("age of the newest copy"), "failures": say("failures in a row"),
    "size": say("size of the newest copy"), "size_ratio": say("size against the usual"),
    "unproved": say("time since the last proof"), "behind": say("lag of the second site"),
    "unchecked": say("time since the repository was checked"), "free": say("space left in the store"),
    "days_left": say("days until the store is full"), "key": say("key in its place"),
}  # fmt: skip

_ACTS = {
    "backup": say("the backup"), "forward": say("the copy to the second site"), "prove": say("the proof"),
    "check": say("the look through the repository"), "prune": say("the removal of old copies"),
    "restore": say("the restore"),
}  # fmt: skip

HISTORY = 10
"""Earlier copies whose sizes are what the newest is compared with."""
_ENOUGH = 3
_TREND = timedelta(days=30)
_TREND_LEAST = timedelta(days=3)
FOREVER = 3650.0
"""Days: a store that does not fill is said to last so long."""


@dataclass(frozen=True, slots=True)
class Size:
    """One copy: the moment whose data it holds, and its bytes when restored."""

    at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Failure:
    """An act whose newest runs failed, how many in a row, and why the last did."""

    act: str
    count: int
    why: str


@dataclass(frozen=True, slots=True)
class Site:
    """A repository in a store. ``growth``: what was added (bytes, less than none for what was dropped), and when."""

    store: str
    checked_at: datetime | None
    made_at: datetime
    damage: str = ""
    free: int | None = None
    growth: Sequence[tuple[datetime, int]] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is on record of one policy. ``tick``: of the newest backup that ended well; ``copies``: of the first store,
    the newest first; ``owed_since``: when the oldest copy was made that has not reached the second site;
    ``refuted``: why the newest proof failed; ``key``: why the key cannot be read."""

    plan: Plan
    begun: datetime
    tick: datetime | None = None
    copies: Sequence[Size] = ()
    failures: Sequence[Failure] = ()
    proved_at: datetime | None = None
    refuted: str = ""
    owed_since: datetime | None = None
    sites: Sequence[Site] = ()
    key: str = ""


def look(name: str, facts: Facts, now: datetime) -> Reading:
    """One of ``LOOKS``; KeyError for any other."""
    return LOOKS[name](facts, now)


def _late(facts: Facts, now: datetime) -> Reading:
    """Hours behind the schedule, whatever else was run by hand."""
    since = owed(facts.plan, facts.tick or facts.begun, now)
    values = {"late": _seconds(since, now)}
    if facts.copies:
        values["age"] = _seconds(facts.copies[0].at, now)
    return Reading(values)


def _failed(facts: Facts, now: datetime) -> Reading:  # noqa: ARG001 - all looks are called alike
    """The first failure in a row is a warning, for it is tried again; the second is more."""
    if not facts.failures:
        return Reading({"failures": 0.0})
    worst = max(facts.failures, key=lambda failure: failure.count)
    act = _ACTS.get(worst.act, worst.act)
    said = (
        say("%(act)s failed %(count)s times in a row: %(why)s", act=act, count=worst.count, why=worst.why)
        if worst.count > 1
        else say("%(act)s failed the last time: %(why)s", act=act, why=worst.why)
    )
    problem = Problem(Fault.FAILED, said, warning=worst.count == 1)
    return Reading({"failures": float(worst.count)}, problem)


def _size(facts: Facts, now: datetime) -> Reading:  # noqa: ARG001 - all looks are called alike
    """Against the middle of the copies before it. A copy of nothing is wrong without any history."""
    if not facts.copies:
        return Reading({"size": 0.0, "size_ratio": 100.0})
    newest, *before = facts.copies[: HISTORY + 1]
    if newest.size == 0:
        return Reading({"size": 0.0}, Problem(Fault.CONTENT, say("the newest copy holds nothing")))
    usual = median(copy.size for copy in before) if len(before) >= _ENOUGH else 0
    return Reading({"size": float(newest.size), "size_ratio": 100.0 * newest.size / usual if usual else 100.0})


def _unproved(facts: Facts, now: datetime) -> Reading:
    """How long ago a copy was last restored and found right."""
    values = {"unproved": _seconds(facts.proved_at or facts.begun, now)}
    why = say("the last proof failed: %(why)s", why=facts.refuted)
    return Reading(values, Problem(Fault.FAILED, why) if facts.refuted else None)


def _second_site(facts: Facts, now: datetime) -> Reading:
    return Reading({"behind": _seconds(facts.owed_since, now)})


def _repository(facts: Facts, now: datetime) -> Reading:
    """Damage that was found, and how long ago somebody looked for it."""
    values = {"unchecked": max((_seconds(site.checked_at or site.made_at, now) for site in facts.sites), default=0.0)}
    broken = [f"{site.store}: {site.damage}" for site in facts.sites if site.damage]
    return Reading(values, Problem(Fault.DAMAGED, "; ".join(broken)) if broken else None)


def _space(facts: Facts, now: datetime) -> Reading:
    """The store that will be full first; a store that does not say what is free cannot be watched so."""
    told = [site for site in facts.sites if site.free is not None]
    if not told:
        return Reading({"days_left": FOREVER})
    return Reading({
        "free": float(min(site.free or 0 for site in told)),
        "days_left": min(days_left(site.free or 0, site.growth, now) for site in told),
    })  # fmt: skip


def _key(facts: Facts, now: datetime) -> Reading:  # noqa: ARG001 - all looks are called alike
    """Without its key no copy can be read by anybody."""
    problem = Problem(Fault.MISSING, facts.key) if facts.key else None
    return Reading({"key": 0.0 if facts.key else 1.0}, problem)


LOOKS: Mapping[str, Callable[[Facts, datetime], Reading]] = {
    "late": _late, "failed": _failed, "size": _size, "unproved": _unproved, "second-site": _second_site,
    "repository": _repository, "space": _space, "key": _key,
}  # fmt: skip
"""What a check may look at."""


def days_left(free: int, growth: Sequence[tuple[datetime, int]], now: datetime) -> float:
    """Days until ``free`` bytes are used up, by what the last 30 days added, less what was dropped. The first of them
    is where the count begins, not growth: a first full copy comes but once."""
    recent = sorted((at, added) for at, added in growth if at > now - _TREND)
    if len(recent) < _ENOUGH or recent[-1][0] - recent[0][0] < _TREND_LEAST:
        return FOREVER
    grown = sum(added for _, added in recent[1:])
    if grown <= 0:
        return FOREVER
    return min(FOREVER, max(0.0, free * _days(recent[0][0], recent[-1][0]) / grown))


def _seconds(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since is not None else 0.0


def _days(since: datetime, now: datetime) -> float:
    return _seconds(since, now) / 86400
