"""Working time: how much of a span lies within some hours, and when so much of it will have passed."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from mainstay.domain.calendar import ALWAYS, NO_BOOK, DayBook, Hours

FARTHEST = 3660
"""Days ahead in which an end is looked for; hours that never come again have none."""

_DAY = timedelta(days=1)
_NONE = timedelta()


class Piece(NamedTuple):
    """A stretch of working time, in UTC; the end is not in it."""

    start: datetime
    end: datetime


@dataclass(slots=True)
class Timetable:
    """Hours on the clocks of a zone, with its holidays. The pieces of a day are found once.

    Agrees with ``Hours.contains`` at every instant: on the day on which clocks are set, an hour that comes twice counts
    twice and one that is left out does not count.
    """

    hours: Hours = ALWAYS
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    book: DayBook = NO_BOOK
    _days: dict[date, tuple[Piece, ...]] = field(default_factory=dict, repr=False)

    def covers(self, at: datetime) -> bool:
        """Whether time counts at this instant (aware)."""
        return self.hours.contains(at, self.zone, self.book)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time from one instant to another; none when the end is not later."""
        if end <= start:
            return _NONE
        if not self.hours.spans:
            return end - start
        found, day, last = _NONE, self._local(start), self._local(end)
        while day <= last:
            for piece in self._pieces(day):
                found += max(_NONE, min(piece.end, end) - max(piece.start, start))
            day += _DAY
        return found

    def after(self, start: datetime, amount: timedelta) -> datetime | None:
        """The instant at which so much working time has passed since ``start``; None when that never comes."""
        if not self.hours.spans:
            return start + amount
        day = self._local(start)
        for _ in range(FARTHEST):
            for piece in self._pieces(day):
                begins = max(piece.start, start)
                if piece.end - begins >= amount and piece.end > begins:
                    return begins + amount
                amount -= max(_NONE, piece.end - begins)
            day += _DAY
        return None

    def _local(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _pieces(self, day: date) -> tuple[Piece, ...]:
        if day not in self._days:
            self._days[day] = self._cut(day)
        return self._days[day]

    def _cut(self, day: date) -> tuple[Piece, ...]:
        """The day between all the instants at which anything may change, as far as time counts there."""
        start, end = self._instant(day, time()), self._instant(day + _DAY, time())
        clocks = [clock for span in self.hours.spans for clock in (span.start, span.end)]
        edges = {self._instant(day, clock, fold) for clock in clocks for fold in (0, 1)}
        inside = sorted({edge for edge in edges | self._turn(start, end) if start < edge < end})
        marks = [start, *inside, end]
        pieces = [Piece(first, last) for first, last in itertools.pairwise(marks)]
        return tuple(piece for piece in pieces if self.covers(piece.start))

    def _instant(self, day: date, clock: time, fold: int = 0) -> datetime:
        return datetime.combine(day, clock.replace(fold=fold), self.zone).astimezone(UTC)

    def _turn(self, start: datetime, end: datetime) -> set[datetime]:
        """The second at which clocks are set within a day, if they are."""
        before = start.astimezone(self.zone).utcoffset()
        if end.astimezone(self.zone).utcoffset() == before:
            return set()
        low, high = int(start.timestamp()), int(end.timestamp())
        while high - low > 1:
            middle = (low + high) // 2
            same = datetime.fromtimestamp(middle, self.zone).utcoffset() == before
            low, high = (middle, high) if same else (low, middle)
        return {datetime.fromtimestamp(high, UTC)}
