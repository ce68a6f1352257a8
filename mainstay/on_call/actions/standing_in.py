"""Somebody is on call for a while, whatever the turns say."""

from datetime import UTC, datetime, timedelta

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.saying import say
from mainstay.on_call import queries
from mainstay.on_call.models import Override
from mainstay.people.models import Person

LONGEST = timedelta(days=92)


class Refused(ValueError):
    """It cannot be done so; the message says what would be right."""


def override(rotation: str, person: str, start: datetime, end: datetime, *, reason: str = "", actor: Actor) -> Override:
    """``person`` is on call from ``start`` to ``end``. Raises Arrangement.DoesNotExist, Refused."""
    authorise(actor, "oncall.override")
    queries.rota(rotation)
    require_active(person)
    require_span(start, end)
    with transaction.atomic():
        made = put(rotation, person, start, end, reason=reason, actor=actor)
        record(actor, "oncall.override", f"rotation {rotation}", told(made))
    return made


def put(rotation: str, person: str, start: datetime, end: datetime, *, reason: str, actor: Actor) -> Override:
    """The row alone, as part of another act."""
    return Override.objects.create(
        rotation=rotation, person=person, start=start, end=end, reason=reason.strip()[:300],
        made_at=datetime.now(UTC), made_by=actor.name,
    )  # fmt: skip


def end_override(number: int, *, actor: Actor) -> Override:
    """It is taken back: the turns count again. What is over already stays as it was. Raises Override.DoesNotExist."""
    authorise(actor, "oncall.override")
    now = datetime.now(UTC)
    with transaction.atomic():
        found = Override.objects.select_for_update().get(pk=number, ended_at=None)
        if found.end <= now:
            raise Refused(say("it is over; nothing can be taken back"))
        if found.start < now:
            found.end = now
        else:
            found.ended_at = now
        found.save()
        record(actor, "oncall.override", f"rotation {found.rotation}", {**told(found), "taken_back": True})
    return found


def told(row: Override) -> dict[str, str]:
    """For the audit trail."""
    return {"person": row.person, "start": row.start.isoformat(), "end": row.end.isoformat(), "reason": row.reason}


def require_active(person: str) -> None:
    """Raises Refused."""
    if not Person.objects.filter(username=person, is_active=True).exists():
        raise Refused(say("%(name)s has no account that is active", name=person))


def require_span(start: datetime, end: datetime) -> None:
    """Raises Refused unless it is a time that is not over yet, of a bearable length."""
    if end <= start:
        raise Refused(say("the end must be after the start"))
    if end <= datetime.now(UTC):
        raise Refused(say("that time is over"))
    if end - start > LONGEST:
        raise Refused(say("longer than %(days)s days: change the rotation itself", days=LONGEST.days))
