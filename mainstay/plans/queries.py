"""Reading plans and drills: what is in force, what is due, how a drill went."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet

from mainstay.catalogue.models import System
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.drill import Course, Limits
from mainstay.domain.duration import parse_duration
from mainstay.domain.plan import Drilled, Due, expired, next_drill
from mainstay.incidents.queries import of_drill
from mainstay.people.queries import seen
from mainstay.plans.models import Attendance, Drill, Entry, Plan, Version

STATES = ("draft", "in-force", "retired")
DRILL_STATES = ("planned", "running", "done", "cancelled")


def plans(*, state: str = "", system: str = "", sight: Sight = EVERYTHING) -> QuerySet[Plan]:
    """By state and system."""
    found = Plan.objects.filter(seen(sight, "system__name")).select_related("system")
    found = found.filter(state=state) if state else found
    return found.filter(system__name=system) if system else found


def plan(name: str, sight: Sight = EVERYTHING) -> Plan:
    """Raises Plan.DoesNotExist."""
    return plans(sight=sight).get(name=name)


def versions(name: str) -> QuerySet[Version]:
    """The newest first."""
    return Version.objects.filter(plan__name=name).select_related("plan")


def in_force(plan: Plan) -> Version | None:
    """The version that people follow; None while there is none."""
    if plan.state != "in-force" or plan.approved_version is None:
        return None
    return Version.objects.get(plan=plan, number=plan.approved_version)


def shown(plan: Plan, number: int | None = None) -> Version:
    """A version that is asked for; else the one in force, else the newest. Raises Version.DoesNotExist."""
    followed = plan.approved_version if plan.state == "in-force" else None
    return Version.objects.get(plan=plan, number=number or followed or plan.version)


def to_review(today: date, sight: Sight = EVERYTHING) -> QuerySet[Plan]:
    """Plans in force that somebody should look through by now."""
    return plans(state="in-force", sight=sight).filter(review_at__lte=today)


def _followed(sight: Sight = EVERYTHING) -> QuerySet[Version]:
    """Every plan in force, as it is followed."""
    found = Version.objects.filter(
        seen(sight, "plan__system__name"), plan__state="in-force", number=F("plan__approved_version"),
        plan__system__retired_at=None,
    )  # fmt: skip
    return found.select_related("plan__system").order_by("plan__system__tier", "plan__name")


def followed_on(system: System) -> QuerySet[Version]:
    """The plans in force of a system, as they are followed."""
    return _followed().filter(plan__system=system)


@dataclass(frozen=True, slots=True)
class Stale:
    """A plan whose supplies have expired."""

    plan: Plan
    supplies: list[Any]


def with_stale_supplies(today: date, sight: Sight = EVERYTHING) -> list[Stale]:
    """Plans in force that count on what is good no longer."""
    found = [Stale(one.plan, expired(one.document["supplies"], today)) for one in _followed(sight)]
    return [one for one in found if one.supplies]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A system, when its next drill is due on its own clocks, and a drill that is in the calendar for it."""

    system: System
    due: Due
    overdue: bool
    plan: Plan
    planned: Drill | None


def wanted(now: datetime, sight: Sight = EVERYTHING) -> list[Wanted]:
    """The systems that want drills, what is due first."""
    by_system: dict[int, list[Version]] = defaultdict(list)
    for one in _followed(sight):
        by_system[one.plan.system_id].append(one)
    last = _last_drilled([one.plan_id for some in by_system.values() for one in some])
    planned = {one.plan.system_id: one for one in drills(states=("planned", "running")).order_by("-planned_at")}
    found = [_wanted(some, last, planned, now) for some in by_system.values()]
    return sorted((one for one in found if one), key=lambda one: (one.due.day, one.system.name))


def _wanted(some: list[Version], last: dict[int, datetime], planned: dict[int, Drill], now: datetime) -> Wanted | None:
    system = some[0].plan.system
    zone = ZoneInfo(system.timezone)
    facts = [
        Drilled(
            one.plan.name, one.document["drills"], (one.plan.approved_at or one.at).astimezone(zone).date(),
            last[one.plan_id].astimezone(zone).date() if one.plan_id in last else None,
        )
        for one in some
    ]  # fmt: skip
    due = next_drill(facts)
    if due is None:
        return None
    turn = next(one.plan for one in some if one.plan.name == due.plan)
    return Wanted(system, due, due.overdue(now.astimezone(zone).date()), turn, planned.get(system.pk))


def _last_drilled(plan_ids: Collection[int]) -> dict[int, datetime]:
    rows = Drill.objects.filter(plan__in=plan_ids, state="done").order_by("ended_at").values_list("plan", "ended_at")
    return {key: at for key, at in rows if at is not None}


def drills(
    *, states: Collection[str] = (), system: str = "", plan: str = "", sight: Sight = EVERYTHING
) -> QuerySet[Drill]:
    """The newest first."""
    found = Drill.objects.filter(seen(sight, "plan__system__name")).select_related("plan__system", "version", "run")
    found = found.filter(state__in=states) if states else found
    found = found.filter(plan__system__name=system) if system else found
    return found.filter(plan__name=plan) if plan else found


def drill(number: int, sight: Sight = EVERYTHING) -> Drill:
    """Raises Drill.DoesNotExist."""
    return drills(sight=sight).get(pk=number)


def record_of(row: Drill) -> QuerySet[Entry]:
    """In its order."""
    return Entry.objects.filter(drill=row)


def document(row: Drill) -> dict[str, Any]:
    """The plan as it was frozen, or before it begins as it is in force."""
    version = row.version or in_force(row.plan)
    found: dict[str, Any] = version.document if version else row.plan.document
    return found


def limits(row: Drill) -> Limits:
    """What is asked of it."""
    return Limits(**row.limits)


def course(row: Drill) -> Course:
    """What happened so far."""
    plan, first = document(row), of_drill(row.pk).first()
    began = row.injected_at or row.began_at or row.planned_at
    entries = list(record_of(row))
    done = {one.place: one.at for one in entries if one.word == "done" and one.place}
    late = [
        place for place, one in enumerate(plan["steps"], 1)
        if one["within"] and place in done and done[place] > began + timedelta(seconds=parse_duration(one["within"]))
    ]  # fmt: skip
    raised = any(one.word == "raised" for one in entries)
    return Course(
        began, row.kind == "live", awaited=row.kind == "live" and bool(plan["checks"]),
        seen=first is not None and not raised, opened=first.opened_at if first else None,
        acknowledged=first.acknowledged_at if first else None, recovered=row.recovered_at, steps=len(plan["steps"]),
        done=len(done), late=len(late), wrong_turns=sum(one.word == "wrong-turn" for one in entries), loss=row.loss,
    )  # fmt: skip


def attended_by(person: str) -> QuerySet[Attendance]:
    """The drills that somebody took part in, for the record of his training; the newest first."""
    found = Attendance.objects.filter(person=person, drill__state="done").select_related("drill__plan")
    return found.order_by("-at", "-pk")


def overdue(now: datetime) -> int:
    """How many systems want a drill that they did not have."""
    return sum(one.overdue for one in wanted(now))
