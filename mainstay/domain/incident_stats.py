"""Incidents in numbers: how many by week, and how long people took; each figure with the count behind it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean, median

from mainstay.domain.state import Level

WEEKS = 26
ENOUGH = 3
"""A mean of fewer says nothing; it is left out."""
TOP = 10

Counted = tuple[date, int, int]
"""A week's Monday, a level, how many."""


@dataclass(frozen=True, slots=True)
class Week:
    """How many were opened in the week from a Monday, by level."""

    start: date
    levels: Mapping[int, int]

    @property
    def total(self) -> int:
        return sum(self.levels.values())


@dataclass(frozen=True, slots=True)
class Took:
    """How long something took, in seconds. Mean and median are None where too few are known."""

    count: int
    mean: float | None
    median: float | None


@dataclass(frozen=True, slots=True)
class Within:
    """How many kept to a clock, and their share; None where too few are known."""

    count: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Handled:
    """One incident: its level, its month (``2027-01``), seconds until somebody took it on and until it was over.

    None for what has not happened: an incident that ended by itself was never taken on. ``respond_late`` and
    ``resolve_late``: whether its clocks ran out; None where they were not watched.
    """

    level: int
    month: str
    acknowledged: float | None
    resolved: float | None
    respond_late: bool | None = None
    resolve_late: bool | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """Time to acknowledge and time to resolve, and how many kept to their clocks."""

    acknowledge: Took
    resolve: Took
    responded: Within
    restored: Within


def monday(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def first_day(today: date) -> date:
    """The Monday with which the last weeks begin; the running week is the last of them."""
    return monday(today) - timedelta(weeks=WEEKS - 1)


def week_starts(today: date) -> list[date]:
    """The Mondays, the oldest first."""
    return [first_day(today) + timedelta(weeks=n) for n in range(WEEKS)]


def by_week(counted: Iterable[Counted], today: date) -> list[Week]:
    """Every week, also those in which nothing was opened; what lies outside is left out."""
    found = {week: dict.fromkeys(map(int, Level), 0) for week in week_starts(today)}
    for week, level, count in counted:
        if week in found:
            found[week][level] = found[week].get(level, 0) + count
    return [Week(start, levels) for start, levels in found.items()]


def took(seconds: Sequence[float]) -> Took:
    """Mean and median, where there is enough to speak of."""
    if len(seconds) < ENOUGH:
        return Took(len(seconds), None, None)
    return Took(len(seconds), fmean(seconds), median(seconds))


def within(late: Sequence[bool]) -> Within:
    """The share that was in time, where there is enough to speak of."""
    return Within(len(late), None if len(late) < ENOUGH else late.count(False) / len(late))


def pace(handled: Iterable[Handled]) -> Pace:
    """Of all of them. What still runs counts for a clock only once that has run out."""
    rows = list(handled)
    return Pace(
        took([one.acknowledged for one in rows if one.acknowledged is not None]),
        took([one.resolved for one in rows if one.resolved is not None]),
        within([
            one.respond_late for one in rows
            if one.respond_late is not None
            and (one.respond_late or one.acknowledged is not None or one.resolved is not None)
        ]),
        within([
            one.resolve_late for one in rows
            if one.resolve_late is not None and (one.resolve_late or one.resolved is not None)
        ]),
    )  # fmt: skip


def by_level(handled: Sequence[Handled]) -> dict[int, Pace]:
    """Each level, worst first."""
    return {int(level): pace(one for one in handled if one.level == level) for level in Level}


def by_month(handled: Sequence[Handled], today: date) -> dict[str, Pace]:
    """Each month that the weeks touch, up to the running one."""
    sorted_in: dict[str, list[Handled]] = {f"{start:%Y-%m}": [] for start in month_starts(today)}
    for one in handled:
        if one.month in sorted_in:
            sorted_in[one.month].append(one)
    return {month: pace(rows) for month, rows in sorted_in.items()}


def month_starts(today: date) -> list[date]:
    """The first days of the months that the weeks touch."""
    found, at = [], first_day(today).replace(day=1)
    while at <= today:
        found.append(at)
        at = (at + timedelta(days=32)).replace(day=1)
    return found


def top(counts: Mapping[str, int], most: int = TOP) -> tuple[list[tuple[str, int]], int]:
    """The largest, the larger first and equal ones by name; and how many all the others are together."""
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return ordered[:most], sum(count for _, count in ordered[most:])
