"""Incidents follow the checks. ``follow`` runs inside the transaction that commits the state changes (line.py)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max, Q

from mainstay.catalogue.models import Check
from mainstay.domain.actor import ENGINE
from mainstay.domain.grouping import Act, Case, Decision, Turn
from mainstay.domain.severity import Grade
from mainstay.domain.state import Level, State
from mainstay.incidents.actions.desk import Room
from mainstay.incidents.actions.telling import tell
from mainstay.incidents.models import Entry, Incident, Member
from mainstay.monitoring.models import StateChange
from mainstay.notices.actions import withdraw

CALM = timedelta(seconds=10)
"""How long all of an incident must have been well before it ends by itself."""


def follow(changes: Sequence[StateChange], now: datetime) -> None:
    """Open, join, echo, move, worsen and recover, and announce what people should know."""
    heard = [change for change in changes if not change.muted]
    if not heard:
        return
    room = Room.around([change.check_of_id for change in heard], now)
    for change in heard:
        turn = Turn(room.watched[change.check_of_id], State(change.after), change.at)
        for decision in room.desk.take(turn):
            _carry_out(room, decision, change)


def _carry_out(room: Room, decision: Decision, change: StateChange) -> None:
    case, turn = room.desk.case(decision.ref), decision.turn
    if decision.act is Act.OPEN:
        room.numbers[case.ref] = _open(room, case, change)
    number = room.number(decision.ref)
    if decision.act in (Act.OPEN, Act.JOIN, Act.ECHO, Act.REROOT):
        _add_member(number, turn, {Act.OPEN: "root", Act.REROOT: "root", Act.JOIN: "joined"}.get(decision.act, "echo"))
    elif decision.act is not Act.MERGE:
        Member.objects.filter(incident_id=number, check_of_id=turn.check.id).update(
            state=turn.state.value, recovered_at=turn.at if decision.act is Act.RECOVER else None
        )
    if decision.act is Act.REROOT:
        _move(room, number, case, turn)
    if decision.act is Act.MERGE:
        _merge(room, number, decision)
    if decision.act is Act.REOPEN:
        Incident.objects.filter(pk=number).update(
            state="open", since=turn.at, resolved_at=None, resolved_by="", acknowledged_at=None, acknowledged_by="",
        )  # fmt: skip
    _note(number, decision, change)
    if decision.act is not Act.RECOVER:
        _grade(room, number, case, change)
    if decision.act in (Act.OPEN, Act.REOPEN):
        tell(number, decision.act.value, turn.at, {})


def _open(room: Room, case: Case, change: StateChange) -> int:
    check = room.checks[change.check_of_id]
    grade = room.grade(case.parts[check.pk], change.at)
    incident = Incident.objects.create(
        key=case.key, system_id=case.system_id, root_id=case.root_id, title=title_of(check),
        category=case.category.value, level=grade.level, opened_at=change.at, since=change.at,
    )  # fmt: skip
    return int(incident.pk)


def title_of(check: Check) -> dict[str, str]:
    """What is wrong. A check's title says what should be so; the incident's says that it is not."""
    return {"en": f"Failing: {_called(check, 'en')}", "zh": f"异常：{_called(check, 'zh')}"}


def _called(check: Check, language: str) -> str:
    """The check's title in a language, in another where it has none, or its name."""
    words = check.title or {}
    return str(words.get(language) or words.get("en") or next(iter(words.values()), "") or check.name)


def _add_member(number: int, turn: Turn, role: str) -> None:
    Member.objects.update_or_create(
        incident_id=number, check_of_id=turn.check.id,
        defaults={"role": role, "state": turn.state.value, "joined_at": turn.at, "recovered_at": None},
    )  # fmt: skip


def _move(room: Room, number: int, case: Case, turn: Turn) -> None:
    """The incident is about its cause from now on; what it was about is an echo."""
    Member.objects.filter(incident_id=number).exclude(check_of_id=turn.check.id).update(role="echo")
    Incident.objects.filter(pk=number).update(
        key=case.key, root_id=case.root_id, category=case.category.value, title=title_of(room.checks[turn.check.id]),
    )  # fmt: skip


def _merge(room: Room, number: int, decision: Decision) -> None:
    other = room.number(decision.other or 0)
    present = set(Member.objects.filter(incident_id=number).values_list("check_of_id", flat=True))
    moved = Member.objects.filter(incident_id=other).exclude(check_of_id__in=present)
    Member.objects.bulk_create(
        Member(
            incident_id=number, check_of_id=row.check_of_id, role="echo", state=row.state, joined_at=row.joined_at,
            recovered_at=row.recovered_at,
        )
        for row in moved
    )  # fmt: skip
    Incident.objects.filter(pk=other).update(
        state="resolved", resolved_at=decision.turn.at, resolved_by=ENGINE.name,
    )  # fmt: skip
    Entry.objects.create(
        incident_id=other, at=decision.turn.at, word="merged", actor=ENGINE.name, data={"into": number},
    )  # fmt: skip
    if withdraw(other, f"merged into incident {number}", decision.turn.at):
        tell(other, "resolved", decision.turn.at, {"into": number})


def _note(number: int, decision: Decision, change: StateChange) -> None:
    data = {
        "check": decision.turn.check.path, "before": change.before, "after": change.after, "because": decision.because,
    }  # fmt: skip
    Entry.objects.create(
        incident_id=number, at=change.at, word=decision.act.value, actor=ENGINE.name, data=data,
        change=change if change.pk else None,
    )  # fmt: skip


def _grade(room: Room, number: int, case: Case, change: StateChange) -> None:
    """The worst of its members. A level that a person set stays."""
    grade = worst(room, case, change.at)
    incident = Incident.objects.get(pk=number)
    if incident.graded_by != ENGINE.name:
        return
    before = incident.level
    if grade.level < before or _is_first(number):
        data = {
            "level": int(grade.level), "before": before, "tier": grade.tier, "impact": grade.impact.value,
            "state": grade.state.value, "in_hours": grade.in_hours, "category": case.category.value,
        }  # fmt: skip
        Entry.objects.create(incident_id=number, at=change.at, word="graded", actor=ENGINE.name, data=data)
        Incident.objects.filter(pk=number).update(level=grade.level)
        if grade.level < before:
            tell(number, "worse", change.at, {"level": int(grade.level)})


def _is_first(number: int) -> bool:
    return not Entry.objects.filter(incident_id=number, word="graded").exists()


def worst(room: Room, case: Case, at: datetime) -> Grade:
    """The grade of the worst member that is not well."""
    failing = [part for part in case.parts.values() if part.state is not State.OK] or list(case.parts.values())
    return min((room.grade(part, at) for part in failing), key=lambda one: one.level)


def resolve_calm(now: datetime) -> int:
    """End the incidents all of whose members have been well for a while; returns how many."""
    calm = (
        Incident.objects.exclude(state="resolved")
        .annotate(
            members_all=Count("members"),
            failing=Count("members", filter=Q(members__recovered_at=None)),
            last=Max("members__recovered_at"),
        )
        .filter(members_all__gt=0, failing=0, last__lte=now - CALM)
    )
    return sum(_resolve(number, now) for number in calm.values_list("pk", flat=True)[:500])


def _resolve(number: int, now: datetime) -> int:
    with transaction.atomic():
        changed = (
            Incident.objects.filter(pk=number)
            .exclude(state="resolved")
            .exclude(members__recovered_at=None)
            .update(state="resolved", resolved_at=now, resolved_by=ENGINE.name)
        )
        if changed:
            Entry.objects.create(incident_id=number, at=now, word="resolved", actor=ENGINE.name)
            tell(number, "resolved", now, {})
    return changed


def members_of_open(check_ids: Collection[int]) -> set[int]:
    """Which of these checks are part of an open incident."""
    found = Member.objects.filter(check_of_id__in=check_ids).exclude(incident__state="resolved")
    return set(found.values_list("check_of_id", flat=True))


def open_blind(check: Check, since: datetime, now: datetime) -> None:
    """Nothing could be seen of this check for long. Opens once; it ends like every other when the check sees again."""
    if members_of_open([check.pk]):
        return
    incident = Incident.objects.create(
        key=f"blind:{check.pk}", system=check.system, root=check.component, category=check.category,
        title={"en": f"Cannot see: {_called(check, 'en')}", "zh": f"无法监测：{_called(check, 'zh')}"},
        level=Level.SLIGHT, opened_at=now, since=now,
    )  # fmt: skip
    Member.objects.create(incident=incident, check_of=check, role="root", state="unknown", joined_at=now)
    Entry.objects.create(
        incident=incident,
        at=now,
        word="blind",
        actor=ENGINE.name,
        data={"check": str(check), "since": since.isoformat()},
    )
    tell(incident.pk, "opened", now, {})
