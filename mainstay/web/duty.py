"""What pages show of who is on call: Today, a system, an incident, a rotation day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from mainstay.domain.rota import Shift
from mainstay.on_call import queries
from mainstay.on_call.models import Handover
from mainstay.on_call.queries import Held, Rota

SOON = timedelta(days=7)
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Mine:
    """A reader's own: what he is on call in, until when; his next shift; what he has to confirm."""

    now: Sequence[Held]
    next: Held | None
    to_confirm: Sequence[Handover]


@dataclass(frozen=True, slots=True)
class Gaps:
    """Where nobody will be on call in a rotation: the first time, and how many there are."""

    rota: Rota
    first: Shift
    count: int


def gaps(found: dict[str, Rota], now: datetime, ahead: timedelta = queries.AHEAD) -> list[Gaps]:
    """One line a rotation, for office hours alone leave a gap each night; what begins first comes first."""
    by_rota: dict[str, list[Held]] = {}
    for one in queries.gaps_ahead(found.values(), now, ahead):
        by_rota.setdefault(one.rota.name, []).append(one)
    return [Gaps(rows[0].rota, rows[0].shift, len(rows)) for rows in by_rota.values()]


def mine(person: str, now: datetime, found: dict[str, Rota]) -> Mine:
    """Of one person."""
    held = queries.held_by(person, now, now + queries.AHEAD, found.values())
    on = [one for one in held if one.shift.start <= now]
    later = next((one for one in held if one.shift.start > now), None)
    return Mine(on, later, list(queries.to_confirm(person)[:SHOWN]))


class Piece(NamedTuple):
    """A shift on one day, from a time of day; no time: since before."""

    since: datetime | None
    person: str | None
    is_mine: bool
    override: bool


class Day(NamedTuple):
    """A day on the rotation's clocks."""

    day: date
    pieces: list[Piece]


def days(rota: Rota, now: datetime, count: int, me: str = "") -> list[Day]:
    """So many days from today on."""
    today = now.astimezone(rota.zone).date()
    start = datetime.combine(today, time(), rota.zone).astimezone(UTC)
    end = datetime.combine(today + timedelta(days=count), time(), rota.zone).astimezone(UTC)
    shifts = rota.shifts(start, end)
    return [_day(today + timedelta(days=n), shifts, rota, me) for n in range(count)]


def _day(day: date, shifts: list[Shift], rota: Rota, me: str) -> Day:
    start = datetime.combine(day, time(), rota.zone)
    end = datetime.combine(day + timedelta(days=1), time(), rota.zone)
    pieces = [
        Piece(one.start.astimezone(rota.zone) if one.start > start else None, one.on.person, one.on.person == me,
              one.on.override is not None)
        for one in shifts if one.start < end and one.end > start
    ]  # fmt: skip
    return Day(day, pieces)
