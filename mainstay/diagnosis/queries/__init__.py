"""Every read of this app: the diagnosis of an incident, gathered when somebody asks, and what was deployed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from mainstay.catalogue.models import Component
from mainstay.diagnosis.models import Deployment, Examination, Exhibit
from mainstay.diagnosis.queries.events import CHANGES, Event, Kind, changed_last, events
from mainstay.diagnosis.queries.known import (
    Alike,
    Called,
    Fitting,
    Prepared,
    Users,
    alike,
    plans,
    runbooks,
    users,
    vendors,
)
from mainstay.diagnosis.queries.scope import Relation, Scope, hosts_in, scope_of
from mainstay.diagnosis.queries.signals import SHOWN, Signal, Signals, signals
from mainstay.domain import correlation
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.cause import Ground, Sign, Suspect, is_clear, suspects
from mainstay.domain.state import State
from mainstay.incidents.models import Incident
from mainstay.knowledge.models import Article
from mainstay.knowledge.queries import fitting
from mainstay.monitoring.models import StateChange
from mainstay.monitoring.queries import state_bands_of
from mainstay.monitoring.queries.history import Band
from mainstay.people.queries import seen
from mainstay.runbooks.models import Step

__all__ = [
    "CHANGES",
    "Alike",
    "Called",
    "Diagnosis",
    "Event",
    "Fitting",
    "Ground",
    "Kind",
    "Lane",
    "Prepared",
    "Printed",
    "Relation",
    "Scope",
    "Signal",
    "Suspect",
    "Users",
    "changes_before",
    "deployments",
    "diagnosis",
    "hosts_in",
    "scope_of",
]

BEFORE, AFTER = timedelta(hours=6), timedelta(hours=2)
"""Of the axis, around the beginning of an incident."""
LANES = 12
"""Components whose states are drawn; the nearest."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A component and the bands of its checks."""

    component: Component
    relation: Relation
    bands: list[list[Band]]


@dataclass(frozen=True, slots=True)
class Printed:
    """What a check or a step of a runbook printed. ``source``: the check's or runbook's name."""

    at: datetime
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that is on record about why; ``suspects`` the likeliest first, ``clear`` whether the first stands out."""

    incident: Incident
    start: datetime
    end: datetime
    scope: Scope
    suspects: list[Suspect]
    clear: bool
    signals: list[Signal]
    looked_at: int
    events: list[Event]
    lanes: list[Lane]
    examination: Examination | None
    exhibits: list[Exhibit]
    printed: list[Printed]
    users: Users
    alike: list[Alike]
    articles: list[Article]
    plans: list[Prepared]
    runbooks: list[Fitting]
    vendors: list[Called]

    def strongest(self, component: int) -> Signal | None:
        """The series on a component that moved most."""
        return next((one for one in self.signals if one.check.component_id == component), None)

    def change_on(self, component: int) -> Event | None:
        """What was last changed on a component before the incident."""
        before = (
            one for one in reversed(self.events)
            if one.component == component and one.kind in CHANGES and one.at <= self.incident.since
            and not one.data.get("answer")
        )  # fmt: skip
        return next(before, None)


def diagnosis(incident: Incident, language: str, now: datetime, sight: Sight = EVERYTHING) -> Diagnosis:
    """Gathered by a bounded number of queries, whatever is on record. ``language``: of the articles."""
    moment = incident.since
    start, end = moment - BEFORE, min(now, max(moment + AFTER, incident.resolved_at or moment))
    end = max(min(end, moment + BEFORE), moment + timedelta(minutes=1))
    scope = scope_of(incident, sight)
    moved = signals(scope, moment, start.timestamp(), end.timestamp(), sight)
    happened = events(incident, scope, start, end)
    likely = suspects(_signs(scope, moved, happened, moment), scope.needs, moment.timestamp())
    examination = Examination.objects.filter(incident=incident).order_by("-since").first()
    exhibits = list(Exhibit.objects.filter(examination=examination).select_related("component__system"))
    past = alike(incident, sight)
    places = [scope.parts[one.component] for one in likely]
    return Diagnosis(
        incident, start, end, scope, likely, is_clear(likely), moved.found[:SHOWN], moved.looked_at, happened,
        _lanes(scope, start, end), examination, exhibits, _printed(incident, scope, end),
        users(incident, scope, exhibits), past, fitting(incident, language, sight), plans(incident, scope),
        runbooks(scope, places, past), vendors(incident, scope),
    )  # fmt: skip


def _signs(scope: Scope, moved: Signals, happened: Iterable[Event], moment: datetime) -> dict[int, Sign]:
    """What each component shows that may be the root: those affected, what they depend on, their hosts."""
    changed = changed_last([*happened], moment)
    first: dict[int, float] = {}
    score: dict[int, float] = {}
    for one in happened:
        fresh = one.kind is Kind.STATE and moment - one.at <= timedelta(seconds=correlation.BEFORE)
        if fresh and one.component is not None and one.data["after"] in ("warning", "critical"):
            first[one.component] = min(first.get(one.component, one.at.timestamp()), one.at.timestamp())
    for signal in moved.found:
        if (key := signal.check.component_id) is not None:
            first[key] = min(first.get(key, signal.move.at), signal.move.at)
            score[key] = max(score.get(key, 0.0), signal.move.score)
    asked = (key for key, relation in scope.relations.items() if relation is not Relation.DOWNSTREAM)
    return {
        key: Sign(key in scope.failing, first.get(key), changed.get(key), score.get(key, 0.0)) for key in asked
    }  # fmt: skip


def _lanes(scope: Scope, start: datetime, end: datetime) -> list[Lane]:
    shown = list(scope.parts)[:LANES]
    checks = [one for one in scope.checks if one.component_id in shown]
    bands = state_bands_of([one.pk for one in checks], start, end)
    return [
        Lane(scope.parts[key], scope.relations[key], [bands[one.pk] for one in checks if one.component_id == key])
        for key in shown
    ]


def _printed(incident: Incident, scope: Scope, end: datetime) -> list[Printed]:
    """What the failing checks' programs printed when they failed, and the steps of runbooks that were run since."""
    members = {one.check_of_id: one.check_of for one in scope.members}
    rows = StateChange.objects.filter(check_of__in=members, at__gte=incident.since - timedelta(minutes=15), at__lte=end)
    bad = rows.exclude(after=State.OK.value).order_by("-at")[:30]
    found = [
        Printed(row.at, str(members[row.check_of_id]), str(row.evidence["excerpt"]))
        for row in bad if row.evidence.get("excerpt")
    ]  # fmt: skip
    steps = _steps(incident)
    return sorted([*found[:5], *steps], key=lambda one: one.at)


def _steps(incident: Incident) -> list[Printed]:
    rows = Step.objects.filter(run__incident=incident).exclude(text="").select_related("run__version__runbook")
    return [Printed(row.began_at, f"{row.run} {row.path}", row.text) for row in rows.order_by("-began_at")[:5]]


def deployments(system: str = "", sight: Sight = EVERYTHING) -> QuerySet[Deployment]:
    """The newest first."""
    found = Deployment.objects.filter(seen(sight, "system__name")).select_related("system", "component__system")
    return found.filter(system__name=system) if system else found


def changes_before(incident: Incident) -> list[Deployment]:
    """What was told of its system, or of what belongs to none if it does, in the day before it, and since."""
    day = (incident.since - timedelta(days=1), incident.resolved_at or incident.since + timedelta(days=1))
    found = Deployment.objects.filter(system=incident.system, at__range=day).select_related("system", "component")
    return list(found[:20])
