"""The grouping's desk, laid with what the database holds about the systems concerned. A fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q
from django.db.models.fields.json import KeyTransform

from mainstay.catalogue.models import Check, Component, System
from mainstay.catalogue.practices import Practices
from mainstay.domain.grouping import REOPEN_WITHIN, Case, Desk, Part, Watched
from mainstay.domain.severity import NO_FIGURES, Facts, Figures, Grade, Rule, grade
from mainstay.domain.state import Category, Impact, State
from mainstay.domain.worktime import Timetable
from mainstay.incidents.models import Incident, Member
from mainstay.monitoring.models import Exercise, Standing
from mainstay.monitoring.queries import figures


@dataclass(frozen=True, slots=True)
class Business:
    """A system's tier, its business hours, its rules for levels, and what they weigh."""

    tier: int
    table: Timetable
    rules: list[Rule]
    figures: Figures = NO_FIGURES

    def grade(self, part: Part, above: int, at: datetime) -> Grade:
        """How severe one member makes an incident at this moment; ``above`` components need its own."""
        check, table = part.check, self.table
        facts = Facts(
            self.tier, check.impact, part.state, table.covers(at), check.category, above, self.figures, at,
            table.zone, table.book,
        )  # fmt: skip
        return grade(facts, self.rules)


@dataclass(slots=True)
class Room:
    """Everything that following a batch of changes needs to know."""

    desk: Desk
    checks: dict[int, Check]
    watched: dict[int, Watched]
    systems: dict[int, System]
    business: dict[int, Business]
    incidents: dict[int, Incident]
    exercises: dict[int, Exercise] = field(default_factory=dict)
    """System → the drill that brings a fault about on it just now."""

    @classmethod
    def around(cls, check_ids: Collection[int], now: datetime) -> "Room":
        """The room for the systems of these checks. One at a time works on a system's incidents: the others wait."""
        checks = {row.pk: row for row in Check.objects.filter(pk__in=check_ids).select_related("component")}
        systems = _locked({check.system_id for check in checks.values()})
        incidents = _incidents(systems, now)
        members = list(Member.objects.filter(incident__in=incidents))
        watched = _watched({*checks, *(member.check_of_id for member in members)}, systems)
        desk = Desk(_cases(incidents, members, watched), _needs(systems), _names(systems))
        exercises = {one.system_id: one for one in Exercise.objects.filter(system__in=systems, ends_at=None)}
        return cls(desk, checks, watched, systems, _business(systems.values(), now), incidents, exercises)

    def drill_of(self, case: Case) -> int | None:
        """The number of the drill whose incident this is: it began in the drill, and its root is a check that was to
        see the fault. What roots elsewhere is real, even if such a check fails because of it."""
        exercise = self.exercises.get(case.system_id or 0)
        if exercise is None or case.since < exercise.begins_at:
            return None
        root = next((number for number, part in case.parts.items() if part.role == "root"), None)
        return exercise.drill if root in exercise.checks else None

    def depth(self, check_id: int) -> int:
        """On how many components the check's own stands."""
        component = self.watched[check_id].component_id
        return len(self.desk.below(component)) if component is not None else 0

    def grade(self, part: Part, at: datetime) -> Grade:
        """How severe a member makes its incident."""
        component = part.check.component_id
        above = len(self.desk.reached(component, up=True)) if component is not None else 0
        return self.business[part.check.system_id].grade(part, above, at)


def _locked(ids: Collection[int]) -> dict[int, System]:
    """In the order of their keys, so that two never wait for each other. SQLite's transactions wait anyway."""
    rows = System.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    return {row.pk: row for row in rows}


def _incidents(systems: Collection[int], now: datetime) -> dict[int, Incident]:
    """A drill's that is over is none that a fault could reopen."""
    rows = Incident.objects.filter(
        ~Q(state="resolved") | Q(resolved_at__gte=now - REOPEN_WITHIN, drill=None), system__in=systems
    ).order_by("pk")
    return {row.pk: row for row in rows.select_for_update(no_key=True)}


def _watched(check_ids: Collection[int], systems: Collection[int]) -> dict[int, Watched]:
    rows = list(
        Check.objects.filter(pk__in=check_ids)
        .annotate(causes=KeyTransform("explained_by", "document"))
        .values_list("pk", "name", "system_id", "system__name", "component_id", "category", "impact", "causes")
    )
    named = {name for row in rows for name in row[7] or ()}
    causes = Check.objects.filter(name__in=named, system__in=systems).values_list("system_id", "name", "pk")
    by_name = {(system, name): key for system, name, key in causes} if named else {}
    return {
        key: Watched(
            key, f"{system_name}/{name}", system, component, Category(category), Impact(impact),
            tuple(by_name[system, one] for one in explained or () if (system, one) in by_name),
        )
        for key, name, system, system_name, component, category, impact, explained in rows
    }  # fmt: skip


def _cases(incidents: dict[int, Incident], members: Iterable[Member], watched: dict[int, Watched]) -> list[Case]:
    cases = {
        row.pk: Case(
            row.pk, row.key, row.system_id, row.root_id, Category(row.category), row.since,
            resolved_at=row.resolved_at if row.state == "resolved" else None,
        )
        for row in incidents.values()
    }  # fmt: skip
    for member in members:
        if member.check_of_id in watched:
            part = Part(watched[member.check_of_id], member.role, State(member.state))
            cases[member.incident_id].parts[member.check_of_id] = part
    _catch_up([case for case in cases.values() if case.resolved_at])
    return list(cases.values())


def _catch_up(resolved: list[Case]) -> None:
    """Nobody follows the members of what is resolved; before one is opened again, see which of them are well."""
    check_ids = {number for case in resolved for number in case.parts}
    well = set(Standing.objects.filter(pk__in=check_ids, state=State.OK).values_list("pk", flat=True))
    for case in resolved:
        for number in well & case.parts.keys():
            case.parts[number].state = State.OK


def _needs(systems: Collection[int]) -> dict[int, list[int]]:
    edges = Component.depends_on.through.objects.filter(from_component__system__in=systems)
    needs: dict[int, list[int]] = defaultdict(list)
    for above, below in edges.values_list("from_component_id", "to_component_id"):
        needs[above].append(below)
    return needs


def _names(systems: Collection[int]) -> dict[int, str]:
    return dict(Component.objects.filter(system__in=systems).values_list("pk", "name"))


def _business(systems: Collection[System], now: datetime) -> dict[int, Business]:
    """Figures are looked up only for those whose rules ask for some."""
    practices = Practices.read()
    rules = {system.pk: practices.rules(system) for system in systems}
    weighed = figures([one for one in systems if any(rule.weighs for rule in rules[one.pk])], now)
    return {
        one.pk: Business(one.tier, practices.table(one), rules[one.pk], weighed.get(one.pk, NO_FIGURES))
        for one in systems
    }
