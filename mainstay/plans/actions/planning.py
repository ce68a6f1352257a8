"""The calendar of drills: one is planned, begun or called off."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from mainstay.audit.actions import record
from mainstay.catalogue.models import Check
from mainstay.catalogue.practices import Practices
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.duration import parse_duration
from mainstay.domain.grouping import REOPEN_WITHIN
from mainstay.domain.saying import say
from mainstay.incidents.models import Incident
from mainstay.monitoring.models import Standing
from mainstay.plans import queries
from mainstay.plans.actions.notes import Illegal, locked, tell
from mainstay.plans.models import Drill, Plan

KINDS = ("table", "live")
AHEAD = timedelta(days=1100)
"""How far ahead a drill may be planned."""


def plan_drill(name: str, kind: str, at: datetime, *, goal: str = "", actor: Actor) -> Drill:
    """Put a drill of a plan into the calendar. Raises Illegal, Plan.DoesNotExist."""
    with transaction.atomic():
        plan = Plan.objects.select_related("system").get(name=name)
        authorise(actor, "drill.plan", system=plan.system.name)
        if plan.state != "in-force":
            raise Illegal(say("plan %(name)s is not in force", name=name))
        if kind not in KINDS:
            raise Illegal(say("a drill is one of: %(kinds)s", kinds=", ".join(KINDS)))
        now = datetime.now(UTC)
        if not now - timedelta(days=1) <= at <= now + AHEAD:
            raise Illegal(say("a drill is planned for a day to come, within three years"))
        drill = Drill.objects.create(
            plan=plan, kind=kind, planned_at=at, planned_by=actor.name, goal=goal.replace("\0", "").strip()[:500]
        )
        data = {"plan": name, "kind": kind, "at": at.astimezone(UTC).isoformat()}
        record(actor, "drill.plan", str(drill), data)
    return drill


def cancel(number: int, *, actor: Actor, reason: str) -> Drill:
    """Call it off. Raises Illegal without a reason, when it is over, or once its fault was brought about: then it is
    ended."""
    if not reason.strip():
        raise Illegal(say("say why the drill is called off"))
    with transaction.atomic():
        drill = locked(number, actor, "drill.cancel")
        if drill.state not in ("planned", "running"):
            raise Illegal(say("drill %(number)s is over", number=number))
        if drill.injected_at is not None:
            raise Illegal(say("the fault of drill %(number)s was brought about; end the drill instead", number=number))
        drill.state, drill.words, drill.ended_at = "cancelled", reason.strip()[:5000], datetime.now(UTC)
        drill.save()
        tell(drill, actor, "drill.cancel", "cancelled", reason)
    return drill


def start(number: int, *, actor: Actor) -> Drill:
    """Begin it: the plan's version in force and what is asked are frozen. A live one begins only where nothing is wrong
    that it could hide. Raises Illegal, Drill.DoesNotExist."""
    with transaction.atomic():
        drill, now = locked(number, actor, "drill.start"), datetime.now(UTC)
        version = queries.in_force(drill.plan)
        if drill.state != "planned":
            raise Illegal(say("drill %(number)s is not planned any more", number=number))
        if version is None:
            raise Illegal(say("plan %(name)s is not in force", name=drill.plan.name))
        if drill.kind == "live":
            _alone(drill)
            _well(drill, version.document, now)
        drill.version, drill.limits = version, _limits(drill, version.document)
        drill.state, drill.began_at, drill.led_by = "running", now, actor.name
        drill.save()
        tell(drill, actor, "drill.start", "began")
    return drill


def _alone(drill: Drill) -> None:
    other = Drill.objects.filter(plan__system=drill.plan.system, kind="live", state="running").first()
    if other is not None:
        raise Illegal(say("drill %(number)s goes on there; end it first", number=other.pk))


def _well(drill: Drill, document: dict[str, Any], now: datetime) -> None:
    """A check that fails already, or whose incident a new failure would reopen, would mix what is real with what is
    not."""
    checks = Check.objects.filter(system=drill.plan.system, name__in=document["checks"], retired_at=None)
    for standing in Standing.objects.filter(check_of__in=checks).exclude(state="ok").select_related("check_of")[:1]:
        raise Illegal(say("%(check)s is not well: a drill would hide what is real", check=standing.check_of))
    lately = ~Q(state="resolved") | Q(resolved_at__gte=now - REOPEN_WITHIN, drill=None)
    for row in Incident.objects.filter(lately, members__check_of__in=checks)[:1]:
        raise Illegal(say("incident %(number)s on its checks is open, or was a moment ago", number=row.pk))


def _limits(drill: Drill, document: dict[str, Any]) -> dict[str, float | None]:
    """What is asked, in seconds: the response clock of such an incident, and the plan's or the system's objectives."""
    system = drill.plan.system
    respond = Practices.read().limits(system, document["level"], document["category"]).respond
    asked = {key: document[key] or system.objectives.get(key) for key in ("rto", "rpo")}
    spans = {key: float(parse_duration(text)) if text else None for key, text in asked.items()}
    return {"respond": respond.total_seconds() if respond else None, **spans}
