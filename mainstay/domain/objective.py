"""Availability against its objective: what share of the known time was up, day by day, and how much error is left."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mainstay.domain.span import Stretch, length_within, merged
from mainstay.domain.state import State

Band = tuple[datetime, datetime, State]


@dataclass(frozen=True, slots=True)
class Uptime:
    """Seconds that something is known of, and those of them in which the system was down."""

    known: float
    down: float

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where nothing is known."""
        return None if self.known <= 0 else 1 - self.down / self.known


@dataclass(frozen=True, slots=True)
class Budget:
    """Seconds of downtime that an objective allows in the whole of a span, and those used of them."""

    allowed: float
    used: float

    @property
    def left(self) -> float:
        """Negative when more was used than allowed."""
        return self.allowed - self.used

    @property
    def overdrawn(self) -> float:
        """Seconds beyond what was allowed; 0 within it."""
        return max(0.0, -self.left)

    @property
    def used_share(self) -> float:
        """1 means that all is used; an objective of 100 % has nothing to use."""
        if self.allowed > 0:
            return self.used / self.allowed
        return 1.0 if self.used > 0 else 0.0


def uptime(bands: Iterable[Band], start: datetime, end: datetime) -> Uptime:
    """Within [start, end): known is where any check had a state other than unknown, down where any was critical."""
    return _within(_told(bands), start, end)


def _told(bands: Iterable[Band]) -> tuple[list[Stretch], list[Stretch]]:
    """When anything was known, and when anything was down."""
    known, down = list[Stretch](), list[Stretch]()
    for begin, stop, state in bands:
        if state is State.UNKNOWN:
            continue
        start, end = begin.timestamp(), stop.timestamp()
        if known and known[-1][1] == start:  # the same check goes on: what is joined here is not sorted below
            known[-1] = known[-1][0], end
        else:
            known.append((start, end))
        if state is State.CRITICAL:
            down.append((start, end))
    return merged(known), merged(down)


def _within(told: tuple[list[Stretch], list[Stretch]], start: datetime, end: datetime) -> Uptime:
    known, down = (length_within(spans, start.timestamp(), end.timestamp()) for spans in told)
    return Uptime(known, down)


def budget(of: Uptime, objective: float, span: timedelta) -> Budget:
    """``objective`` in percent, such as 99.5; ``span`` is what it is promised for, however little of it is known: a
    system that is new and had one bad minute has not used up a month's budget."""
    return Budget(span.total_seconds() * (1 - objective / 100), of.down)


def days(bands: Iterable[Band], last: datetime, count: int, zone: ZoneInfo) -> Iterator[tuple[date, Uptime]]:
    """The ``count`` days of a zone up to the one that ``last`` is in, the oldest first; one may have 23 or 25 hours."""
    told = _told(bands)
    today = last.astimezone(zone).date()
    for back in range(count - 1, -1, -1):
        day = today - timedelta(days=back)
        start = datetime.combine(day, time(), zone)
        end = min(datetime.combine(day + timedelta(days=1), time(), zone), last)
        yield day, _within(told, start, end)
