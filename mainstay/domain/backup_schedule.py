"""Which run of a policy is due, of which level, and which come next.

A tick is the moment that cron names; a run is known by its tick, so that two who plan at once plan the same. Ticks that
were missed while nothing ran are made up by one run: under the newest tick, and full if any of them was to be full.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from mainstay.domain.backup_policy import Policy, full_at, incremental_at
from mainstay.domain.calendar import ALWAYS, NO_BOOK, DayBook, Hours, parse_hours

FULL, INCREMENTAL = "full", "incremental"
_FARTHEST = 370
"""Days within which a window must open; one that holidays close for longer never does."""


@dataclass(frozen=True, slots=True)
class Plan:
    """When copies are taken. Either cron may be empty: never. A run begins only within ``window``. ``levels`` are those
    that the tool can make: where it knows no incremental copy, each is a full one."""

    full: str
    incremental: str
    zone: ZoneInfo
    window: Hours = ALWAYS
    book: DayBook = NO_BOOK
    levels: tuple[str, ...] = (FULL, INCREMENTAL)


@dataclass(frozen=True, slots=True)
class Run:
    """``tick`` is its identity; ``begins`` is later where the window was closed at the tick. Both in UTC."""

    tick: datetime
    level: str
    begins: datetime


def plan_of(
    policy: Policy, zone: ZoneInfo, book: DayBook = NO_BOOK, levels: tuple[str, ...] = (FULL, INCREMENTAL)
) -> Plan:
    """The plan that a policy means, on the clocks of its system, with a tool that can make ``levels``."""
    return Plan(full_at(policy), incremental_at(policy), zone, parse_hours(policy.window), book, levels)


def due(plan: Plan, after: datetime, now: datetime) -> Run | None:
    """The run that should begin at ``now``, if one should; ``after`` is the newest tick that had its run, or when the
    policy came to be."""
    if not plan.window.contains(now, plan.zone, plan.book):
        return None
    tick = _newest(plan, now)
    if tick is None or tick <= after:
        return None
    return Run(tick, _level(plan, after, now), now)


def owed(plan: Plan, after: datetime, now: datetime) -> datetime | None:
    """Since when a run should have begun: the window's first moment after the oldest tick that had none."""
    tick = _next(plan, after)
    if tick is None or tick > now:
        return None
    begins = opens(plan, tick)
    return begins if begins is not None and begins <= now else None


def upcoming(plan: Plan, after: datetime, count: int = 20) -> list[Run]:
    """The next runs, if nothing keeps them from beginning; fewer where the plan has no more."""
    runs: list[Run] = []
    while len(runs) < count and (tick := _next(plan, after)) is not None:
        begins = opens(plan, tick)
        if begins is None:
            break
        newest = _newest(plan, begins) or tick  # what falls due before the window opens is made up by the same run
        runs.append(Run(newest, _level(plan, after, begins), begins))
        after = newest
    return runs


def opens(plan: Plan, at: datetime) -> datetime | None:
    """The first moment from ``at`` on at which a run may begin; None if there is none within a year."""
    if plan.window.contains(at, plan.zone, plan.book):
        return at
    day = at.astimezone(plan.zone).date()
    for number in range(_FARTHEST):
        for moment in _openings(plan, day + timedelta(days=number)):
            if moment > at and plan.window.contains(moment, plan.zone, plan.book):
                return moment
    return None


def missed(cron: str, zone: ZoneInfo, after: datetime, now: datetime) -> datetime | None:
    """The newest tick of one cron line later than ``after`` and not later than ``now``; for proofs and checks."""
    tick = _before(cron, zone, now)
    return tick if tick is not None and tick > after else None


def coming(cron: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The next tick of one cron line; None where it has none."""
    return _first(cron, zone, after)


def _openings(plan: Plan, day: date) -> list[datetime]:
    """Moments of a day at which a window may open: where its spans begin, and each half hour, for a clock that is set
    forward may leap over a beginning."""
    clocks = {span.start for span in plan.window.spans} | {
        time(hour, minute) for hour in range(24) for minute in (0, 30)
    }
    folds = (datetime.combine(day, clock, plan.zone).replace(fold=fold) for clock in clocks for fold in (0, 1))
    return sorted({moment.astimezone(UTC) for moment in folds})


def _level(plan: Plan, after: datetime, until: datetime) -> str:
    """Full if any tick in between was to be, or if the tool can make no other."""
    if INCREMENTAL not in plan.levels:
        return FULL
    newest = _before(plan.full, plan.zone, until)
    return FULL if newest is not None and newest > after else INCREMENTAL


def _newest(plan: Plan, until: datetime) -> datetime | None:
    found = [_before(cron, plan.zone, until) for cron in (plan.full, plan.incremental)]
    return max((tick for tick in found if tick is not None), default=None)


def _next(plan: Plan, after: datetime) -> datetime | None:
    found = [_first(cron, plan.zone, after) for cron in (plan.full, plan.incremental)]
    return min((tick for tick in found if tick is not None), default=None)


def _before(cron: str, zone: ZoneInfo, until: datetime) -> datetime | None:
    """The newest tick that is not later than ``until``."""
    start = until.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
    return _one(CronSim(cron, start.astimezone(zone), reverse=True)) if cron else None


def _first(cron: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    return _one(CronSim(cron, after.astimezone(zone))) if cron else None


def _one(ticks: Iterator[datetime]) -> datetime | None:
    """None for a day that does not come within the years that are searched, such as a 29 February on some weekday."""
    found = next(ticks, None)
    return found.astimezone(UTC) if found is not None else None
