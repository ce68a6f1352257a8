"""What a batch of decisions changes, gathered and then written in a fixed number of statements."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mainstay.catalogue.models import Check
from mainstay.domain.actor import ENGINE
from mainstay.domain.clock import reach
from mainstay.domain.grouping import Act, Case, Decision, Part
from mainstay.domain.severity import Grade
from mainstay.domain.state import State
from mainstay.incidents.actions.desk import Room
from mainstay.incidents.actions.telling import News, tell_all
from mainstay.incidents.models import ALERTS, Entry, Incident, Member
from mainstay.monitoring.models import StateChange
from mainstay.monitoring.wording import in_language
from mainstay.notices.actions import withdraw

BY_DRILL = "drill:"
"""How the key of an incident begins that a person opened in a drill."""

_MOVABLE = (
    "key", "root", "title", "category", "state", "since", "acknowledged_at", "acknowledged_by", "resolved_at",
    "resolved_by", "leapt",
)  # fmt: skip


@dataclass(slots=True)
class Ledger:
    """Takes decisions in their order; ``write`` ends it. Incidents that are new have no number until then."""

    room: Room
    incidents: dict[int, Incident] = field(default_factory=dict)
    parts: dict[tuple[int, int], datetime] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    news: list[tuple[Incident, str, datetime, dict[str, Any], int]] = field(default_factory=list)
    merged: dict[int, tuple[Incident, Incident, datetime]] = field(default_factory=dict)
    moved: set[int] = field(default_factory=set)
    graded: set[int] = field(default_factory=set)
    marked: set[int] = field(default_factory=set)

    def enter(self, decision: Decision, change: StateChange | None = None) -> None:
        """Carry out one decision, in memory."""
        case, turn = self.room.desk.case(decision.ref), decision.turn
        incident = self._incident(case, turn.at, decision)
        self.parts[case.ref, turn.check.id] = turn.at
        if decision.act is Act.MERGE:
            self._merge(case, incident, decision)
        elif decision.act is Act.REROOT:
            self._move(case, incident, decision)
        elif decision.act is Act.REOPEN:
            self._reopen(case, incident, turn.at)
        if decision.act is not Act.EASE:
            self._note(incident, decision, change)
        if decision.act not in (Act.RECOVER, Act.EASE):
            self._grade(incident, decision)
        if decision.act in (Act.OPEN, Act.REOPEN, Act.BLIND):
            word = "reopened" if decision.act is Act.REOPEN else "opened"
            self.news.append((incident, word, turn.at, {}, incident.level))

    def _incident(self, case: Case, at: datetime, decision: Decision) -> Incident:
        if case.ref not in self.incidents:
            known = self.room.incidents.get(case.ref)
            self.incidents[case.ref] = known or self._opened(case, at, decision)
        return self.incidents[case.ref]

    def _opened(self, case: Case, at: datetime, decision: Decision) -> Incident:
        check = self.room.checks[decision.turn.check.id]
        return Incident(
            key=case.key, system_id=case.system_id, root_id=case.root_id, category=case.category.value, level=3,
            title=unseen(check) if decision.act is Act.BLIND else title_of(check), opened_at=at, since=at,
        )  # fmt: skip

    def _move(self, case: Case, incident: Incident, decision: Decision) -> None:
        """The incident is about its cause from now on; what it was about is an echo."""
        incident.key, incident.root_id, incident.category = case.key, case.root_id, case.category.value
        incident.title = title_of(self.room.checks[decision.turn.check.id])
        self.moved.add(case.ref)
        self._touch_all(case, decision.turn.at)

    def _merge(self, case: Case, incident: Incident, decision: Decision) -> None:
        other = self.room.desk.case(decision.other or 0)
        taken, at = self._incident(other, decision.turn.at, decision), decision.turn.at
        taken.state, taken.resolved_at, taken.resolved_by = "resolved", at, ENGINE.name
        self.merged[other.ref] = (taken, incident, at)
        for number in other.parts:
            self.parts.setdefault((case.ref, number), at)

    def _reopen(self, case: Case, incident: Incident, at: datetime) -> None:
        incident.state, incident.since, incident.resolved_at, incident.resolved_by = "open", at, None, ""
        incident.acknowledged_at, incident.acknowledged_by, incident.leapt = None, "", {}
        self.moved.add(case.ref)
        self._touch_all(case, at)

    def _touch_all(self, case: Case, at: datetime) -> None:
        for number in case.parts:
            self.parts.setdefault((case.ref, number), at)

    def _note(self, incident: Incident, decision: Decision, change: StateChange | None) -> None:
        turn = decision.turn
        data = {"check": turn.check.path, "after": turn.state.value, "because": decision.because}
        if change is not None:
            data["before"] = change.before
        word = decision.act.value
        self.entries.append(
            Entry(incident=incident, at=turn.at, word=word, actor=ENGINE.name, data=data, change=change)
        )

    def _grade(self, incident: Incident, decision: Decision) -> None:
        """The worst of its members since it was opened, or opened again. A level that a person set stays."""
        if incident.graded_by != ENGINE.name:
            return
        case, at = self.room.desk.case(decision.ref), decision.turn.at
        first = decision.act is Act.REOPEN or (incident.pk is None and case.ref not in self.graded)
        self._raise(incident, case, self._worst(case, decision), at, first=first)

    def weigh(self, ref: int, at: datetime) -> None:
        """Grade an incident again by what is known now, though nothing about its checks has changed."""
        case = self.room.desk.case(ref)
        incident = self.incidents[ref] = self.room.incidents[ref]
        failing = [part for part in case.parts.values() if part.state is not State.OK]
        if incident.graded_by == ENGINE.name and failing:
            self._raise(incident, case, self._worst_of(failing, at), at)

    def _raise(self, incident: Incident, case: Case, grade: Grade, at: datetime, *, first: bool = False) -> None:
        if grade.level >= incident.level and not first:
            return
        before, incident.level = incident.level, int(grade.level)
        said = grade.plain() | {"category": case.category.value}
        reached = {} if first else reach(incident.reached, before, incident.counted_since)
        incident.grounds, incident.reached = said, reach(reached, incident.level, at)
        self.graded.add(case.ref)
        data = {**said, "before": before}
        self.entries.append(Entry(incident=incident, at=at, word="graded", actor=ENGINE.name, data=data))
        if not first:
            self.news.append((incident, "worse", at, {"level": incident.level}, incident.level))

    def _worst(self, case: Case, decision: Decision) -> Grade:
        """Of what this decision brought in; what was in before is in the level already, unless that began anew."""
        turn = decision.turn
        brought = (
            [case] if decision.act is Act.REOPEN else [self.room.desk.case(one) for one in [decision.other] if one]
        )
        others = [part for one in brought for part in one.parts.values() if part.state is not State.OK]
        return self._worst_of([case.parts[turn.check.id], *others], turn.at)

    def _worst_of(self, parts: Iterable[Part], at: datetime) -> Grade:
        return min((self.room.grade(part, at) for part in parts), key=lambda one: one.level)

    # Writing

    def write(self) -> None:
        """All of it, in the transaction of the changes."""
        self._mark_drills()
        self._write_incidents()
        self._write_members()
        self._close_merged()
        Entry.objects.bulk_create(self.entries)
        tell_all([News(incident.pk, word, at, data, level) for incident, word, at, data, level in self.news])
        self._withdraw_merged()

    def _mark_drills(self) -> None:
        """Which of the incidents belong to a drill, as far as is known by now: a root found later may show that one
        does, or that it does not. A drill's that a person opened stays one."""
        for ref, incident in self.incidents.items():
            if ref in self.merged or incident.key.startswith(BY_DRILL):
                continue
            drill = self.room.drill_of(self.room.desk.case(ref))
            if incident.drill != drill:
                incident.drill = drill
                self.marked.add(ref)

    def _write_incidents(self) -> None:
        """What ended first, for another may move to its key."""
        ended = [taken.pk for taken, _, _ in self.merged.values() if taken.pk]
        if ended:
            latest = max(at for _, _, at in self.merged.values())
            Incident.objects.filter(pk__in=ended).update(state="resolved", resolved_at=latest, resolved_by=ENGINE.name)
        moved = [self.incidents[ref] for ref in self.moved - self.merged.keys() if ref > 0]
        Incident.objects.bulk_update(moved, _MOVABLE, batch_size=50)
        graded = [self.incidents[ref] for ref in self.graded if ref > 0]
        Incident.objects.bulk_update(graded, ("level", "grounds", "reached"), batch_size=100)
        marked = [self.incidents[ref] for ref in self.marked if ref > 0]
        Incident.objects.bulk_update(marked, ("drill",), batch_size=100)
        Incident.objects.bulk_create([incident for ref, incident in self.incidents.items() if ref < 0])

    def _write_members(self) -> None:
        rows = [self._member(ref, number, at) for (ref, number), at in self.parts.items()]
        Member.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["incident", "check_of"],
            update_fields=["role", "state", "recovered_at"],
        )  # fmt: skip

    def _member(self, ref: int, number: int, at: datetime) -> Member:
        part = self.room.desk.case(ref).parts[number]
        return Member(
            incident=self.incidents[ref], check_of_id=number, role=part.role, state=part.state.value, joined_at=at,
            recovered_at=at if part.state is State.OK else None,
        )  # fmt: skip

    def _close_merged(self) -> None:
        self.entries += [
            Entry(incident=taken, at=at, word="merged", actor=ENGINE.name, data={"into": into.pk})
            for taken, into, at in self.merged.values()
        ]

    def _withdraw_merged(self) -> None:
        """Nobody is told of what turned out to be part of another; who was told already hears where it went."""
        if not self.merged:
            return
        parts = {taken.pk: (into.pk, at) for taken, into, at in self.merged.values()}
        latest = max(at for _, at in parts.values())
        told = withdraw({key: f"merged into incident {into}" for key, (into, _) in parts.items()}, latest)
        tell_all([News(key, "resolved", parts[key][1], {"into": parts[key][0]}) for key in sorted(told)])


def title_of(check: Check) -> dict[str, str]:
    """What is wrong. A check's title says what should be so; the incident's says that the check of it did not pass, for
    a word such as "abnormal" before it would make the good thing the fault. An alert itself says what is wrong."""
    if check.kind == ALERTS:
        return dict(check.title)
    return {
        "en": f"Failing: {in_language(check.title, 'en') or check.name}",
        "zh": f"检查未通过：{in_language(check.title, 'zh') or check.name}",
        "zh-hant": f"檢查未通過：{in_language(check.title, 'zh-hant') or check.name}",
    }


def unseen(check: Check) -> dict[str, str]:
    """What cannot be seen: the component, for it rarely is one check alone."""
    words, name = (check.component.title, check.component.name) if check.component else (check.title, check.name)
    return {
        "en": f"Cannot see: {in_language(words, 'en') or name}",
        "zh": f"无法监测：{in_language(words, 'zh') or name}",
        "zh-hant": f"無法監測：{in_language(words, 'zh-hant') or name}",
    }
