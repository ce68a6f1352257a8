"""What other pages show of who is on call: Today, a system, an incident."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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
class OnDuty:
    """Who is on call in a rotation, until when; nobody: a gap."""

    rota: Rota
    person: str | None
    until: datetime


def mine(person: str, now: datetime, found: dict[str, Rota]) -> Mine:
    """Of one person."""
    held = queries.held_by(person, now, now + queries.AHEAD, found.values())
    on = [one for one in held if one.shift.start <= now]
    later = next((one for one in held if one.shift.start > now), None)
    return Mine(on, later, list(queries.to_confirm(person)[:SHOWN]))


def on_duty(now: datetime, found: dict[str, Rota]) -> list[OnDuty]:
    """Of every rotation."""
    shown = []
    for one in found.values():
        shift = one.shifts(now, now + queries.AHEAD)[0]
        shown.append(OnDuty(one, shift.on.person, shift.end))
    return shown
