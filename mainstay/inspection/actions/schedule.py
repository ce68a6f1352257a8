"""What the engine does by the clock: the day's sheets, and saying which nobody signed in time."""

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
from mainstay.inspection.actions.telling import tell_late
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


def escalate(now: datetime | None = None) -> list[Sheet]:
    """Announce each sheet that nobody signed in time, once."""
    at = now or datetime.now(UTC)
    waiting = Sheet.objects.filter(stage="open", late_at=None, late_after__lte=at).values_list("pk", flat=True)
    return [sheet for number in list(waiting) if (sheet := _escalate(number, now)) is not None]


def _escalate(number: int, now: datetime | None) -> Sheet | None:
    at = now or datetime.now(UTC)  # each its own moment: notices are told apart by theirs
    with transaction.atomic():
        if not Sheet.objects.filter(pk=number, stage="open", late_at=None).update(late_at=at):
            return None  # signed meanwhile, or another engine was quicker
        sheet = queries.sheet(number)
        record(ENGINE, "inspection.late", queries.label(sheet), {"sheet": str(sheet)})
        tell_late(sheet, datetime.now(UTC))
    return sheet
