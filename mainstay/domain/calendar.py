"""Hours of the week in a zone, with holidays: when a check is judged and when business is on."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(
    r"(?:(?P<first>[A-Za-z]{3})(?:-(?P<last>[A-Za-z]{3}))?\s+)?"
    r"(?P<from>\d{1,2}:\d{2})-(?P<to>\d{1,2}:\d{2})"
)
_WORKING_WEEK = frozenset(range(5))


@dataclass(frozen=True, slots=True)
class Span:
    """Wall-clock hours on some days of the week. ``end`` not after ``start`` reaches into the next day."""

    days: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class DayBook:
    """Holidays, and weekend days that are worked as if they were a Monday."""

    holidays: Collection[date] = ()
    workdays: Collection[date] = ()

    def weekday(self, day: date) -> int | None:
        """The day of the week to follow (0 Monday), or None on a holiday."""
        if day in self.workdays:
            return day.weekday() if day.weekday() in _WORKING_WEEK else 0
        return None if day in self.holidays else day.weekday()


NO_BOOK = DayBook()


@dataclass(frozen=True, slots=True)
class Hours:
    """When something holds. No spans means always."""

    spans: tuple[Span, ...] = ()

    def contains(self, at: datetime, zone: ZoneInfo, book: DayBook = NO_BOOK) -> bool:
        """Whether the instant ``at`` (aware) lies in these hours on the clocks of ``zone``."""
        if not self.spans:
            return True
        local = at.astimezone(zone)
        clock, today = local.time(), local.date()
        return any(
            _covers(span, clock, book.weekday(today), book.weekday(today - timedelta(days=1))) for span in self.spans
        )


ALWAYS = Hours()


def _covers(span: Span, clock: time, today: int | None, yesterday: int | None) -> bool:
    if span.start < span.end:
        return today in span.days and span.start <= clock < span.end
    return (today in span.days and clock >= span.start) or (yesterday in span.days and clock < span.end)


def parse_hours(text: str) -> Hours:
    """Read ``Mon-Fri 09:00-18:00, Sat 09:00-12:00``; raises ValueError with what would be right."""
    if not text.strip():
        return Hours()
    return Hours(tuple(_parse_span(part.strip()) for part in text.split(",")))


def _parse_span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} are not hours; write such as Mon-Fri 09:00-18:00, Sat 09:00-12:00")
    first, last = found["first"], found["last"]
    days = frozenset(range(7)) if first is None else _days(first, last or first)
    return Span(days, _clock(found["from"]), _clock(found["to"]))


def _days(first: str, last: str) -> frozenset[int]:
    for name in (first, last):
        if name.lower() not in _DAYS:
            raise ValueError(f"{name!r} is not a day; write Mon, Tue, Wed, Thu, Fri, Sat or Sun")
    start, end = _DAYS.index(first.lower()), _DAYS.index(last.lower())
    return frozenset((start + step) % 7 for step in range((end - start) % 7 + 1))


def _clock(text: str) -> time:
    hour, minute = map(int, text.split(":"))
    if (hour, minute) == (24, 0):
        return time(0, 0)
    if hour > 23 or minute > 59:
        raise ValueError(f"{text!r} is not a time of day; write 00:00 to 24:00")
    return time(hour, minute)
