"""The grouping's desk, laid with what the database holds about the systems concerned. A fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from mainstay.catalogue.models import Calendar, Check, Component, System
from mainstay.domain.calendar import DayBook, parse_hours
from mainstay.domain.grouping import REOPEN_WITHIN, Case, Desk, Part, Watched
from mainstay.domain.severity import Grade, grade
from mainstay.domain.state import Category, Impact, State
from mainstay.incidents.models import Incident, Member


@dataclass(slots=True)
class Room:
    """Everything that following a batch of changes needs to know."""

    desk: Desk
    checks: dict[int, Check]
    watched: dict[int, Watched]
    systems: dict[int, System]
    books: dict[str, DayBook]
    numbers: dict[int, int] = field(default_factory=dict)

    @classmethod
    def around(cls, check_ids: Collection[int], now: datetime) -> "Room":
        """The room for the systems of these checks."""
        systems = set(Check.objects.filter(pk__in=check_ids).values_list("system_id", flat=True))
        checks = {row.pk: row for row in Check.objects.filter(system__in=systems).select_related("system")}
        watched = _watched(checks)
        desk = Desk(_cases(systems, watched, now), _needs(systems), _names(systems))
        found = {check.system_id: check.system for check in checks.values()}
        return cls(desk, checks, watched, found, _books(found.values()))

    def number(self, ref: int) -> int:
        """An incident's number; those opened in this batch had none when they were decided on."""
        return self.numbers.get(ref, ref)

    def grade(self, part: Part, at: datetime) -> Grade:
        """How severe one member makes an incident at this moment."""
        system = self.systems[part.check.system_id]
        hours = parse_hours(system.document.get("hours", ""))
        book = self.books.get(system.document.get("calendar") or "", DayBook())
        return grade(system.tier, part.check.impact, part.state, hours.contains(at, ZoneInfo(system.timezone), book))


def _watched(checks: dict[int, Check]) -> dict[int, Watched]:
    by_name = {(check.system_id, check.name): check.pk for check in checks.values()}
    return {
        check.pk: Watched(
            id=check.pk,
            path=f"{check.system.name}/{check.name}",
            system_id=check.system_id,
            component_id=check.component_id,
            category=Category(check.category),
            impact=Impact(check.impact),
            explained_by=tuple(
                by_name[check.system_id, name]
                for name in check.document.get("explained_by", [])
                if (check.system_id, name) in by_name
            ),
        )
        for check in checks.values()
    }


def _cases(systems: set[int], watched: dict[int, Watched], now: datetime) -> list[Case]:
    rows = Incident.objects.filter(
        ~Q(state="resolved") | Q(resolved_at__gte=now - REOPEN_WITHIN), system__in=systems
    ).order_by("-resolved_at", "pk")
    cases = {
        row.pk: Case(
            row.pk, row.key, row.system_id, row.root_id, Category(row.category), row.since,
            resolved_at=row.resolved_at if row.state == "resolved" else None,
        )
        for row in rows
    }  # fmt: skip
    members = Member.objects.filter(incident__in=cases)
    for member in members:
        if member.check_of_id in watched:
            cases[member.incident_id].parts[member.check_of_id] = Part(
                watched[member.check_of_id], member.role, State(member.state)
            )
    return list(cases.values())


def _needs(systems: set[int]) -> dict[int, list[int]]:
    edges = Component.depends_on.through.objects.filter(from_component__system__in=systems)
    needs: dict[int, list[int]] = defaultdict(list)
    for above, below in edges.values_list("from_component_id", "to_component_id"):
        needs[above].append(below)
    return needs


def _names(systems: set[int]) -> dict[int, str]:
    return dict(Component.objects.filter(system__in=systems).values_list("pk", "name"))


def _books(systems: Collection[System]) -> dict[str, DayBook]:
    wanted = {system.document.get("calendar") for system in systems} - {None, ""}
    return {
        row.name: DayBook(
            frozenset(map(date.fromisoformat, row.document.get("holidays", []))),
            frozenset(map(date.fromisoformat, row.document.get("workdays", []))),
        )
        for row in Calendar.objects.filter(name__in=wanted)
    }
