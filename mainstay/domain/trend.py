"""A month of inspections: each day's sheet, and how each line went."""

import calendar
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

ABNORMAL = ("warning", "critical", "unknown")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of one day's sheet."""

    day: date
    section: str
    item: str
    title: Mapping[str, str]
    check: str
    check_title: Mapping[str, str]
    metric: str
    unit: str
    value: float | None
    state: str


@dataclass(frozen=True, slots=True)
class Trend:
    """One line over the month. The figures are None where no day had a value; ``days`` had the line at all."""

    section: str
    item: str
    title: Mapping[str, str]
    check: str
    check_title: Mapping[str, str]
    metric: str
    unit: str
    days: int
    abnormal: int
    low: float | None
    mean: float | None
    high: float | None
    last: float | None
    points: Sequence[tuple[date, float]]


@dataclass(frozen=True, slots=True)
class Day:
    """A day and its sheet; ``number`` None: there was none."""

    day: date
    number: int | None = None
    state: str = ""
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """``month`` reads 2026-11. ``days`` are those up to today."""

    system: str
    month: str
    days: Sequence[Day]
    trends: Sequence[Trend]


def parse_month(text: str) -> tuple[date, date]:
    """First and last day of ``2026-11``. Raises ValueError."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise ValueError(f"{text!r} is not a month; write such as 2026-11") from None
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def days_of(first: date, last: date, today: date, sheets: Mapping[date, Day]) -> list[Day]:
    """Every day of the month up to today."""
    numbers = range(first.toordinal(), min(last, today).toordinal() + 1)
    return [sheets.get(date.fromordinal(number)) or Day(date.fromordinal(number)) for number in numbers]


def trends(entries: Iterable[Entry]) -> list[Trend]:
    """One for each line that any day had, in the order of the newest sheet, then of older ones."""
    lines: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda one: one.day, reverse=True):
        lines[entry.item, entry.check, entry.metric].append(entry)
    return [_trend(found[::-1]) for found in lines.values()]


def _trend(found: Sequence[Entry]) -> Trend:
    newest = found[-1]
    points = [(one.day, one.value) for one in found if one.value is not None]
    values = [value for _, value in points]
    return Trend(
        newest.section, newest.item, newest.title, newest.check, newest.check_title, newest.metric, newest.unit,
        len(found), sum(one.state in ABNORMAL for one in found),
        min(values, default=None), sum(values) / len(values) if values else None, max(values, default=None),
        values[-1] if values else None, points,
    )  # fmt: skip
