"""Who is on call at a moment, and where nobody is.

Turns are counted in days on the wall clocks of a layer's zone, so that a hand-over at 09:00 stays at 09:00 when the
clocks are set; one at a time that a day does not have is as much later, and at a time that it has twice, at the first.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from mainstay.domain import on_call
from mainstay.domain.calendar import NO_BOOK, DayBook, Hours, parse_hours
from mainstay.domain.duration import parse_duration

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns of so many days."""

    people: tuple[str, ...]
    start: date
    days: int
    handover: time
    zone: ZoneInfo
    hours: Hours
    holidays: str
    book: DayBook

    def turn(self, at: datetime) -> int:
        """The number of the turn in which a moment lies; 0 is the first."""
        day = at.astimezone(self.zone).date()
        if at < instant(day, self.handover, self.zone):
            day -= _DAY
        return (day - self.start).days // self.days

    def holds(self, at: datetime) -> bool:
        """Whether anybody is on call by this layer."""
        if self.turn(at) < 0:
            return False
        if self.holidays == "off":
            return self._is_worked(at) and self.hours.contains(at, self.zone, self.book)
        if self.holidays == "only" and self._is_worked(at):
            return False
        return self.hours.contains(at, self.zone)

    def _is_worked(self, at: datetime) -> bool:
        return self.book.weekday(at.astimezone(self.zone).date()) is not None

    def person(self, at: datetime) -> str:
        """Whose turn it is."""
        return self.people[self.turn(at) % len(self.people)]


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody stands in from ``start`` to ``end``. Of two at the same time the one with the larger number counts."""

    number: int
    person: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class On:
    """Who is on call, and by what: a layer, from 0, or the number of an override. Nobody: a gap."""

    person: str | None = None
    layer: int | None = None
    override: int | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A time in which it is one and the same."""

    start: datetime
    end: datetime
    on: On


GAP = On()


def layers_of(rotation: on_call.Rotation, book: DayBook = NO_BOOK) -> tuple[Layer, ...]:
    """A rotation as it is reckoned with."""
    return tuple(
        Layer(
            tuple(one.people), date.fromisoformat(one.start), round(parse_duration(one.turn) / 86_400),
            on_call.parse_clock(one.handover), ZoneInfo(one.timezone or rotation.timezone), parse_hours(one.during),
            one.holidays, book,
        )
        for one in rotation.layers
    )  # fmt: skip


def instant(day: date, clock: time, zone: ZoneInfo, fold: int = 0) -> datetime:
    """The moment of a wall-clock time."""
    return datetime.combine(day, clock.replace(fold=fold), zone).astimezone(UTC)


def on_at(layers: Sequence[Layer], overrides: Collection[Override], at: datetime) -> On:
    """Who is on call at a moment."""
    standing_in = [one for one in overrides if one.start <= at < one.end]
    if standing_in:
        newest = max(standing_in, key=lambda one: one.number)
        return On(newest.person, override=newest.number)
    for number, layer in enumerate(layers):
        if layer.holds(at):
            return On(layer.person(at), layer=number)
    return GAP


def shifts(layers: Sequence[Layer], overrides: Collection[Override], start: datetime, end: datetime) -> list[Shift]:
    """From ``start`` to ``end`` without a hole: where nobody is on call, a shift of nobody."""
    edges = sorted({start, end, *(at for at in _edges(layers, overrides, start, end) if start < at < end)})
    found: list[Shift] = []
    for begin, over in pairwise(edges):
        on = on_at(layers, overrides, begin)
        if found and found[-1].on == on:
            found[-1] = Shift(found[-1].start, over, on)
        else:
            found.append(Shift(begin, over, on))
    return found


def gaps(found: Sequence[Shift]) -> list[Shift]:
    """Those of nobody."""
    return [one for one in found if one.on.person is None]


def _edges(
    layers: Sequence[Layer], overrides: Collection[Override], start: datetime, end: datetime
) -> Iterator[datetime]:
    """Every moment at which the answer can become another."""
    for one in overrides:
        yield from (one.start, one.end)
    for layer in layers:
        day, last = start.astimezone(layer.zone).date() - _DAY, end.astimezone(layer.zone).date() + _DAY
        while day <= last:
            yield from _edges_of_day(layer, day)
            day += _DAY


def _edges_of_day(layer: Layer, day: date) -> Iterator[datetime]:
    yield instant(day, layer.handover, layer.zone)
    for clock in {time(), *(clock for span in layer.hours.spans for clock in (span.start, span.end))}:
        yield from (instant(day, clock, layer.zone, fold) for fold in (0, 1))
    first, last = instant(day, time(), layer.zone), instant(day + _DAY, time(), layer.zone)
    if last - first != _DAY:
        yield _set_between(layer.zone, first, last)


def _set_between(zone: ZoneInfo, first: datetime, last: datetime) -> datetime:
    """When the clocks are set, to the minute."""
    before = first.astimezone(zone).utcoffset()
    while last - first > _MINUTE:
        middle = first + (last - first) / 2
        middle = middle.replace(second=0, microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            first = middle
        else:
            last = middle
    return last
