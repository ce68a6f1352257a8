"""What stays of a drill: who took part."""

from datetime import UTC, datetime

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.domain.actor import Actor
from mainstay.domain.saying import say
from mainstay.incidents.models import Entry as IncidentEntry
from mainstay.people.models import Person
from mainstay.plans.actions.notes import Illegal, known, locked
from mainstay.plans.models import Attendance, Drill

MOST_HOURS = 24.0
_QUARTER = 0.25


def attend(number: int, person: str, *, role: str = "", hours: float | None = None, actor: Actor) -> Attendance:
    """Somebody took part; again: in another role, or for longer. Raises Illegal, Drill.DoesNotExist."""
    with transaction.atomic():
        drill = locked(number, actor, "drill.attend")
        if drill.began_at is None or drill.state not in ("running", "done"):
            raise Illegal(say("drill %(number)s has not begun", number=number))
        long = hours if hours is not None else _lasted(drill)
        if not 0 < long <= MOST_HOURS:
            raise Illegal(say("hours are more than 0 and %(most)s at most", most=int(MOST_HOURS)))
        known(person)
        said = {"role": role.strip()[:100], "hours": long, "at": drill.began_at}
        row, _is_new = Attendance.objects.update_or_create(drill=drill, person=person, defaults=said)
        record(actor, "drill.attend", str(drill), {"person": person, "role": row.role, "hours": long})
    return row


def attend_all(drill: Drill) -> None:
    """Whoever did something in a drill or on its incidents took part in it, unless that is on record. In the
    transaction of the drill's end."""
    acted = set(drill.entries.values_list("actor", flat=True))
    acted |= set(IncidentEntry.objects.filter(incident__drill=drill.pk).values_list("actor", flat=True))
    names = {one.partition(":")[2] for one in acted if one.startswith("person:")}
    there = Person.objects.filter(username__in=names).exclude(username__in=drill.attendances.values("person"))
    Attendance.objects.bulk_create(
        Attendance(drill=drill, person=one.username, hours=_lasted(drill), at=drill.began_at or drill.planned_at,
                   role="leader" if drill.led_by == f"person:{one.username}" else "")
        for one in there
    )  # fmt: skip


def _lasted(drill: Drill) -> float:
    """Hours so far, to the quarter and no less than one."""
    began, end = drill.began_at or drill.planned_at, drill.ended_at or datetime.now(UTC)
    quarters = round((end - began).total_seconds() / 3600 / _QUARTER)
    return min(MOST_HOURS, max(1, quarters) * _QUARTER)
