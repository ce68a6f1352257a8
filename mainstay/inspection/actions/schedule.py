"""What the engine does by the clock: the day's sheets, and saying which nobody signs: in time, and long after it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue import inspections
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import System
from mainstay.domain.actor import ENGINE
from mainstay.domain.daily import Turn, turn
from mainstay.inspection import queries
from mainstay.inspection.actions.telling import tell_higher, tell_late
from mainstay.inspection.models import Sheet, Watch


def due(now: datetime) -> list[tuple[System, Turn]]:
    """Systems whose sheet of today was due and is not there. A system seen for the first time is noted: what was due
    before is nobody's."""
    since = dict(Watch.objects.values_list("system_id", "since"))
    systems = list(catalogue.systems())
    new = [Watch(system=system, since=now) for system in systems if system.pk not in since]
    Watch.objects.bulk_create(new, ignore_conflicts=True)
    turns = [(system, _turn(system, now)) for system in systems if system.pk in since]
    mine = [
        (system, one) for system, one in turns if one is not None and one.due is not None and one.due > since[system.pk]
    ]
    days = {one.day for _, one in mine}
    made = set(Sheet.objects.filter(number=0, day__in=days).values_list("system_id", "day"))
    return [(system, one) for system, one in mine if (system.pk, one.day) not in made]


def _turn(system: System, now: datetime) -> Turn | None:
    cron = inspections.own(system).schedule
    return turn(cron, ZoneInfo(system.timezone), now) if cron else None


@dataclass(frozen=True, slots=True)
class Step:
    """What is said of a sheet that waits: after which moment, and where it is noted that it was."""

    act: str
    after: str
    at: str
    tell: Callable[[Sheet, datetime], None]


LATE = Step("inspection.late", "late_after", "late_at", tell_late)
HIGHER = Step("inspection.escalate", "escalate_after", "escalated_at", tell_higher)


def remind(now: datetime | None = None) -> list[Sheet]:
    """Announce each sheet that nobody signed in time, once."""
    return _go(LATE, now)


def escalate(now: datetime | None = None) -> list[Sheet]:
    """Tell those above of each that still waits, long after it was late; once."""
    return _go(HIGHER, now)


def _go(step: Step, now: datetime | None) -> list[Sheet]:
    due = {f"{step.after}__lte": now or datetime.now(UTC)}
    waiting = Sheet.objects.filter(**{"stage": "open", step.at: None, **due}).values_list("pk", flat=True)
    return [sheet for number in list(waiting) if (sheet := _say(step, number, now)) is not None]


def _say(step: Step, number: int, now: datetime | None) -> Sheet | None:
    at = now or datetime.now(UTC)
    with transaction.atomic():
        if not Sheet.objects.filter(**{"pk": number, "stage": "open", step.at: None}).update(**{step.at: at}):
            return None  # signed meanwhile, or another engine was quicker
        sheet = queries.sheet(number)
        record(ENGINE, step.act, queries.label(sheet), {"sheet": str(sheet)})
        step.tell(sheet, datetime.now(UTC))  # each its own moment: notices are told apart by theirs
    return sheet
