"""What happened on the components of an incident, and to it, in the order of time: state changes, what was changed,
deployed, run, copied and restored, what people did and who was told."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Q

from mainstay.backups.models import Job, Restore
from mainstay.catalogue.models import Revision
from mainstay.diagnosis.models import Deployment
from mainstay.diagnosis.queries.scope import Scope
from mainstay.incidents.models import Entry, Incident
from mainstay.monitoring.models import StateChange
from mainstay.notices.models import Delivery
from mainstay.runbooks.models import Run

MOST = {"state": 200, "catalogue": 50, "other": 50}
"""Rows of each kind that are looked at; the newest."""
_OWN_WORDS = ("opened", "reopened", "acknowledged", "resolved", "worse", "merged", "rerooted")
"""Words of the incident's own timeline that say how it went on."""


class Kind(StrEnum):
    """What sort of thing happened."""

    STATE = "state"
    CATALOGUE = "catalogue"
    DEPLOYMENT = "deployment"
    RUN = "run"
    BACKUP = "backup"
    RESTORE = "restore"
    INCIDENT = "incident"
    NOTICE = "notice"


CHANGES = (Kind.CATALOGUE, Kind.DEPLOYMENT, Kind.RUN, Kind.RESTORE)
"""What may have brought a fault about."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. ``component``: its id, None where it is about all; ``number``: of what it is about;
    ``data``: what it needs to be put in words."""

    at: datetime
    kind: Kind
    component: int | None = None
    number: int = 0
    data: dict[str, Any] = field(default_factory=dict)


def events(incident: Incident, scope: Scope, start: datetime, end: datetime) -> list[Event]:
    """The oldest first; by seven queries."""
    span = Q(at__gte=start, at__lte=end)
    found = [
        *_states(scope, span),
        *_catalogue(incident, scope, span),
        *_deployments(scope, span),
        *_runs(incident, start, end),
        *_jobs(scope, start, end),
        *_restores(scope, start, end),
        *_own(incident, span),
        *_notices(incident, start, end),
    ]
    return sorted(found, key=lambda one: (one.at, one.kind, one.number))


def _states(scope: Scope, span: Q) -> Iterator[Event]:
    checks = {one.pk: one for one in scope.checks}
    rows = StateChange.objects.filter(span, check_of__in=checks).defer("evidence").order_by("-at", "-pk")
    for row in rows[: MOST["state"]]:
        check = checks[row.check_of_id]
        if (row.before, row.after) == ("unknown", "ok"):  # first seen to be well
            continue
        data = {
            "check": f"{check.system.name}/{check.name}", "title": check.title or {"en": check.name},
            "before": row.before, "after": row.after, "message": row.message, "muted": bool(row.muted),
        }  # fmt: skip
        yield Event(row.at, Kind.STATE, check.component_id, check.pk, data)


def _catalogue(incident: Incident, scope: Scope, span: Q) -> Iterator[Event]:
    """Applies that touched the incident's system, or what belongs to all."""
    if incident.system is None:
        return
    system = incident.system.name
    components = {f"{row.system.name}/{row.name}": row.pk for row in scope.parts.values()}
    components |= {f"{row.system.name}/{row.name}": row.component_id for row in scope.checks if row.component_id}
    for row in Revision.objects.filter(span).order_by("-number")[: MOST["catalogue"]]:
        touched = [one for one in row.summary if _is_about(one, system)]
        if not touched:
            continue
        names = [str(one["name"]) for one in touched]
        where = {components[name] for name in names if name in components}
        first = [{key: str(one.get(key, "")) for key in ("act", "kind", "name")} for one in touched[:5]]
        yield Event(
            row.at, Kind.CATALOGUE, where.pop() if len(where) == 1 else None, row.number,
            {"actor": row.actor, "first": first, "count": len(touched)},
        )  # fmt: skip


def _is_about(difference: dict[str, Any], system: str) -> bool:
    return str(difference.get("name", "")).partition("/")[0] == system


def _deployments(scope: Scope, span: Q) -> Iterator[Event]:
    whole = Q(component=None, system__in={part.system_id for part in scope.parts.values()})
    rows = Deployment.objects.filter(span, Q(component__in=scope.parts) | whole)
    for row in rows.select_related("system", "component__system").order_by("-at")[: MOST["other"]]:
        data = {"what": str(row.component or row.system), "version": row.version, "note": row.note, "url": row.url,
                "actor": row.told_by}  # fmt: skip
        yield Event(row.at, Kind.DEPLOYMENT, row.component_id, row.pk, data)


def _runs(incident: Incident, start: datetime, end: datetime) -> Iterator[Event]:
    rows = Run.objects.filter(asked_at__gte=start, asked_at__lte=end).filter(
        Q(system=incident.system_id, system__isnull=False) | Q(incident=incident)
    )
    for row in rows.select_related("version__runbook").order_by("-asked_at")[: MOST["other"]]:
        data = {
            "runbook": row.version.runbook.name, "title": row.version.runbook.title, "state": row.state, "why": row.why,
            "actor": row.asked_by, "answer": row.incident_id == incident.pk,
        }  # fmt: skip
        yield Event(row.asked_at, Kind.RUN, row.component_id, row.pk, data)


def _jobs(scope: Scope, start: datetime, end: datetime) -> Iterator[Event]:
    rows = Job.objects.filter(policy__component__in=scope.parts, started_at__gte=start, started_at__lte=end)
    for row in rows.exclude(act="restore").select_related("policy").order_by("-tick")[: MOST["other"]]:
        data = {"policy": row.policy.name, "act": row.act, "state": row.state}
        yield Event(row.started_at or row.tick, Kind.BACKUP, row.policy.component_id, row.pk, data)


def _restores(scope: Scope, start: datetime, end: datetime) -> Iterator[Event]:
    rows = Restore.objects.filter(policy__component__in=scope.parts, begun_at__gte=start, begun_at__lte=end)
    for row in rows.select_related("policy").order_by("-asked_at")[: MOST["other"]]:
        data = {"policy": row.policy.name, "state": row.state, "to": row.wanted.get("to", ""), "actor": row.asked_by}
        yield Event(row.begun_at or row.asked_at, Kind.RESTORE, row.policy.component_id, row.pk, data)


def _own(incident: Incident, span: Q) -> Iterator[Event]:
    rows = Entry.objects.filter(span, incident=incident, word__in=_OWN_WORDS).order_by("at")
    for row in rows[: MOST["other"]]:
        yield Event(row.at, Kind.INCIDENT, None, row.pk, {"word": row.word, "actor": row.actor})


def _notices(incident: Incident, start: datetime, end: datetime) -> Iterator[Event]:
    """Deliveries that arrived, a moment's together."""
    rows = Delivery.objects.filter(notice__incident=incident, sent_at__gte=start, sent_at__lte=end)
    rows = rows.select_related("notice", "channel", "contact").order_by("sent_at")
    told: dict[datetime, list[Delivery]] = {}
    for row in rows[: MOST["other"]]:
        told.setdefault((row.sent_at or start).replace(microsecond=0), []).append(row)
    for at, some in told.items():
        data = {"word": some[0].notice.word, "to": [one.receiver for one in some]}
        yield Event(at, Kind.NOTICE, None, some[0].pk, data)


def changed_last(found: Collection[Event], moment: datetime) -> dict[int, float]:
    """Component → when it was last changed before the moment, seconds since 1970. What was run in answer to the
    incident is no cause of it."""
    last: dict[int, float] = {}
    for one in found:
        if one.kind in CHANGES and one.component is not None and one.at <= moment and not one.data.get("answer"):
            last[one.component] = max(last.get(one.component, 0.0), one.at.timestamp())
    return last
