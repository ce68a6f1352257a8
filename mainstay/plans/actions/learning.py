"""What stays of a drill: who took part, and what is done about what it showed."""

from datetime import UTC, date, datetime

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue.models import Check
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.drill import CLOSED_AS
from mainstay.domain.saying import say
from mainstay.incidents.models import Entry as IncidentEntry
from mainstay.people.models import Person
from mainstay.plans.actions.notes import Illegal, known, locked
from mainstay.plans.models import Attendance, Drill, Finding
from mainstay.runbooks.models import Runbook

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


def act_on(number: int, text: str, *, owner: str, due_at: date, actor: Actor) -> Finding:
    """A finding of a drill becomes an action: somebody's, until a day. Raises Illegal, Drill.DoesNotExist."""
    if not text.strip():
        raise Illegal(say("say what was found and what is to be done"))
    with transaction.atomic():
        drill, now = locked(number, actor, "drill.find"), datetime.now(UTC)
        if drill.state not in ("running", "done"):
            raise Illegal(say("drill %(number)s has not begun", number=number))
        if due_at < now.date():
            raise Illegal(say("the day until which it is done must not be past"))
        finding = Finding.objects.create(
            drill=drill, text=text.replace("\0", "").strip()[:500], owner=known(owner), due_at=due_at, made_at=now,
            made_by=actor.name,
        )  # fmt: skip
        data = {"finding": finding.pk, "text": finding.text, "owner": owner, "due_at": str(due_at)}
        record(actor, "drill.find", str(drill), data)
    return finding


def close(number: int, *, closed_as: str, closed_with: str, actor: Actor) -> Finding:
    """An action is done when something lasting has come of it: a check, a rule, a runbook, a training, or that an
    approver accepts the risk. Raises Illegal, Finding.DoesNotExist."""
    words = closed_with.replace("\0", "").strip()[:300]
    with transaction.atomic():
        finding = Finding.objects.select_for_update(of=("self",)).select_related("drill__plan__system").get(pk=number)
        system = finding.drill.plan.system.name
        authorise(actor, "drill.close", system=system)
        if finding.state == "closed":
            raise Illegal(say("finding %(number)s is closed already", number=number))
        if closed_as not in CLOSED_AS:
            raise Illegal(say("a finding ends as one of: %(ways)s", ways=", ".join(CLOSED_AS)))
        if closed_as == "accepted":
            authorise(actor, "plan.approve", system=system)
        _lasts(closed_as, words)
        finding.state, finding.closed_as, finding.closed_with = "closed", closed_as, words
        finding.closed_at, finding.closed_by = datetime.now(UTC), actor.name
        finding.save()
        data = {"finding": number, "as": closed_as, "with": words}
        record(actor, "drill.close", str(finding.drill), data)
    return finding


def _lasts(closed_as: str, words: str) -> None:
    """What is named is there."""
    if not words:
        raise Illegal(say("say which one it is, or why the risk is accepted"))
    system, _, name = words.partition("/")
    if closed_as in ("check", "rule"):
        if not Check.objects.filter(system__name=system, name=name, retired_at=None).exists():
            raise Illegal(say("there is no check %(name)s; write system/check", name=words))
    elif closed_as == "runbook" and not Runbook.objects.filter(name=words, retired_at=None).exists():
        raise Illegal(say("there is no runbook %(name)s", name=words))
