"""Figures of faults over months: how fast people were, how long systems ran without one, what came again, what was up.

Definitions (the page says them too): a fault is an incident that counts, in the month in which it was opened. MTTA runs
from then until somebody took it on, MTTR until it was over; both from the last time that it was opened again. MTBF is
the time in which the systems were watched and in no fault, divided by the number of faults. A fault recurs when another
of the same key had ended less than ``AGAIN`` before.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from mainstay.domain.incident_stats import ENOUGH, Took, took
from mainstay.domain.objective import Uptime
from mainstay.domain.span import total_length
from mainstay.domain.state import Category, Level

AGAIN = timedelta(days=90)
MOST_MONTHS = 36


@dataclass(frozen=True, slots=True)
class Month:
    """``name`` such as 2027-01, from one moment to another; the running one ends now."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """One that counts. Seconds are None for what has not happened. ``end`` is None while it runs."""

    system: str
    month: str
    level: int
    category: str
    start: datetime
    end: datetime | None
    acknowledge: float | None
    resolve: float | None
    recurs: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. ``mtbf`` in seconds and ``recurrence`` from 0 to 1, None for too few faults;
    ``availability`` from 0 to 1, None where nothing is known or the word means nothing. ``watched`` are the seconds
    behind ``mtbf``."""

    group: str
    name: str
    faults: int
    acknowledge: Took
    resolve: Took
    mtbf: float | None
    watched: float
    recurring: int
    recurrence: float | None
    availability: float | None
    known: float
    down: float


def months(now: datetime, count: int, zone: tzinfo) -> list[Month]:
    """The last ``count`` calendar months of a zone, the oldest first."""
    day, starts = now.astimezone(zone).date().replace(day=1), list[date]()
    for _ in range(count):
        starts.append(day)
        day = (day - timedelta(days=1)).replace(day=1)
    starts.reverse()
    moments = [datetime(one.year, one.month, 1, tzinfo=zone) for one in starts]
    return [
        Month(f"{start:%Y-%m}", start, end) for start, end in zip(moments, [*moments[1:], now], strict=True)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known of each system and month: seconds in which it was watched at all, and its availability."""

    seconds: Mapping[tuple[str, str], float]
    uptime: Mapping[tuple[str, str], Uptime]

    def of(self, *, system: str = "", month: str = "") -> tuple[float, Uptime]:
        """Summed over one system or all, one month or all."""
        keys = [key for key in self.seconds if system in ("", key[0]) and month in ("", key[1])]
        known, down = (sum(getattr(self.uptime[key], part) for key in keys) for part in ("known", "down"))
        return sum(self.seconds[key] for key in keys), Uptime(known, down)


def rows(faults: Sequence[Fault], watch: Watch, spans: Sequence[Month], systems: Iterable[str]) -> list[Row]:
    """All; each system, month, level and category. Availability is a system's: a level or category has none."""
    seconds, _ = everything = watch.of()
    shared = seconds, Uptime(0.0, 0.0)
    found = [_row("all", "", faults, everything, spans)]
    for name in systems:
        mine = [one for one in faults if one.system == name]
        found.append(_row("system", name, mine, watch.of(system=name), spans))
    for span in spans:
        mine = [one for one in faults if one.month == span.name]
        found.append(_row("month", span.name, mine, watch.of(month=span.name), [span]))
    for level in Level:
        mine = [one for one in faults if one.level == level]
        found.append(_row("level", str(int(level)), mine, shared, spans))
    for category in Category:
        mine = [one for one in faults if one.category == category]
        found.append(_row("category", category.value, mine, shared, spans))
    return found


def _row(group: str, name: str, faults: Sequence[Fault], watched: tuple[float, Uptime], spans: Sequence[Month]) -> Row:
    seconds, uptime = watched
    again, enough = sum(one.recurs for one in faults), len(faults) >= ENOUGH
    between = max(0.0, seconds - in_fault(faults, spans[0].start, spans[-1].end))
    return Row(
        group, name, len(faults),
        took([one.acknowledge for one in faults if one.acknowledge is not None]),
        took([one.resolve for one in faults if one.resolve is not None]),
        round(between / len(faults)) if enough and seconds else None, seconds,
        again, again / len(faults) if enough else None,
        uptime.share, uptime.known, uptime.down,
    )  # fmt: skip


def in_fault(faults: Iterable[Fault], start: datetime, end: datetime) -> float:
    """Seconds between two moments in which each system was in a fault, summed over the systems."""
    spans: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for one in faults:
        begin, stop = max(one.start, start), min(one.end or end, end)
        if begin < stop:
            spans[one.system].append((begin.timestamp(), stop.timestamp()))
    return sum(map(total_length, spans.values()))


def recurring(story: Iterable[tuple[str, datetime, datetime | None]]) -> set[tuple[str, datetime]]:
    """Of faults by key, beginning and end, those that had another of their key before them that ended lately."""
    by_key: dict[str, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for key, start, end in story:
        by_key[key].append((start, end))
    found = set()
    for key, spans in by_key.items():
        last: datetime | None = None
        for start, end in sorted(spans, key=lambda one: one[0]):
            if last is not None and start - last < AGAIN:
                found.add((key, start))
            last = max(end, last) if end and last else end or last
    return found
