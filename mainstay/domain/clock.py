"""The clocks of an incident: until when somebody should have taken it on, and until when it should be over.

A clock counts from when the incident first had its level, or a worse one, since it was opened: raising the level begins
a shorter clock and does not overrun it at once, and lowering and raising it again gains no time. A pause, which needs a
reason, stops the clock until resolution; it does not stop the one until somebody responds, for whoever knows what an
incident waits for has responded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from mainstay.domain.worktime import Timetable

WARN_AT = 0.8
"""The share of its time after which a clock is announced to be running out."""


class Kind(StrEnum):
    """Which clock."""

    RESPOND = "respond"
    RESOLVE = "resolve"


class Reason(StrEnum):
    """What an incident waits for while its clock is stopped."""

    VENDOR = "vendor"
    USER = "user"
    OTHER = "other"


class Stand(StrEnum):
    """What a clock does now."""

    COUNTING = "counting"
    RESTING = "resting"
    """Out of its hours."""
    PAUSED = "paused"
    OVER = "over"
    """What it waited for has happened."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked for: working time until each; None where nothing is. ``table`` says what counts as working time."""

    respond: timedelta | None
    resolve: timedelta | None
    table: Timetable


@dataclass(frozen=True, slots=True)
class Pause:
    """A time that does not count; ``ended`` is None while it lasts."""

    begun: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """What has happened to an incident since it was opened, or opened again; as far as clocks care."""

    start: datetime
    """Since when it has had this level or a worse one."""
    acknowledged: datetime | None = None
    resolved: datetime | None = None
    pauses: Sequence[Pause] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """How a clock stands. ``due_at`` is when it runs out, or ran out; None while it is paused before that."""

    kind: Kind
    limit: timedelta
    spent: timedelta
    stand: Stand
    due_at: datetime | None
    warn_at: datetime | None

    @property
    def left(self) -> timedelta:
        """Negative when it ran out."""
        return self.limit - self.spent

    @property
    def late(self) -> bool:
        return self.spent >= self.limit

    @property
    def close(self) -> bool:
        """Whether it runs out soon, or has."""
        return self.spent >= WARN_AT * self.limit


def readings(limits: Limits, course: Course, now: datetime) -> list[Reading]:
    """The clocks that are asked for, the one for the response first."""
    found = []
    if limits.respond is not None:
        responded = replace(course, resolved=course.acknowledged or course.resolved, pauses=())
        found.append(_read(Kind.RESPOND, limits.respond, limits.table, responded, now))
    if limits.resolve is not None:
        ordered = replace(course, pauses=sorted(course.pauses, key=lambda one: one.begun))
        found.append(_read(Kind.RESOLVE, limits.resolve, limits.table, ordered, now))
    return found


def _read(kind: Kind, limit: timedelta, table: Timetable, course: Course, now: datetime) -> Reading:
    """One clock, which ends when ``course`` is resolved; its pauses in their order."""
    start, ended, pauses = course.start, course.resolved, course.pauses
    until = min(ended, now) if ended else now
    spent = table.between(start, until)
    for pause in pauses:
        spent -= table.between(max(start, pause.begun), min(pause.ended or until, until))
    due_at, warn_at = (_passed(table, start, amount, pauses) for amount in (limit, WARN_AT * limit))
    if ended:
        stand = Stand.OVER
    elif any(pause.ended is None for pause in pauses):
        stand = Stand.PAUSED
    else:
        stand = Stand.COUNTING if table.covers(now) else Stand.RESTING
    return Reading(kind, limit, spent, stand, due_at, warn_at)


def _passed(table: Timetable, start: datetime, amount: timedelta, pauses: Iterable[Pause]) -> datetime | None:
    """When so much time has counted; None while a pause that lasts is in the way."""
    at = start
    for pause in pauses:
        counted = table.between(at, pause.begun)
        if counted >= amount:
            break
        if pause.ended is None:
            return None
        amount -= counted
        at = max(at, pause.ended)
    return table.after(at, amount)


def next_due(found: Iterable[Reading]) -> datetime | None:
    """When the next of the clocks that still run runs out; the past when one has. None when all are over or paused."""
    return min((one.due_at for one in found if one.stand is not Stand.OVER and one.due_at), default=None)


def reach(reached: Mapping[str, str], level: int, at: datetime) -> dict[str, str]:
    """``reached`` (level → since when, in ISO form) with a level that an incident has from now on."""
    return {str(level): at.isoformat()} | dict(reached)


def reached_at(reached: Mapping[str, str], level: int, since: datetime) -> datetime:
    """Since when an incident has had this level, or a worse one before; ``since`` where that was not kept."""
    found = [datetime.fromisoformat(at) for known, at in reached.items() if int(known) <= level]
    return max(since, min(found, default=since))
