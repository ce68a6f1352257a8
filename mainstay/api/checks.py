"""Checks: how they stand, what they measured, mute them, look now; flows; how Mainstay itself is."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from mainstay import __version__
from mainstay.api.auth import actor
from mainstay.api.shapes import Done, Page, Paging, Row, page
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Check, Component
from mainstay.domain.duration import parse_duration
from mainstay.domain.threshold import parse_condition
from mainstay.monitoring import actions, queries
from mainstay.monitoring.models import Mute, StateChange
from mainstay.monitoring.wording import explain
from mainstay.settings import BASE_URL

router = Router(tags=["checks"])


class Stretch(Schema):
    """Which samples: the last so many hours of a metric, thinned to so many points."""

    metric: str
    hours: float = Field(24.0, gt=0, le=24 * 3660)
    points: int = Field(300, ge=1, le=5000)


class MuteIn(Schema):
    """What is muted: a check's path, or a system with or without a component; for how long, and why."""

    system: str
    component: str | None = None
    check: str | None = None
    reason: str
    hours: float | None = None
    until: datetime | None = None


def check_row(row: Check) -> Row:
    """A check and how it stands. Times: ``every``, ``timeout`` and ``hold`` in seconds."""
    standing = getattr(row, "standing", None)
    document = row.document
    conditions = [parse_condition(text) for text in (*document.get("warn", []), *document.get("crit", []))]
    return {
        "path": str(row), "system": row.system.name, "component": row.component.name if row.component else None,
        "name": row.name, "title": row.title, "kind": row.kind, "category": row.category, "impact": row.impact,
        "pack": row.pack, "every": row.every, "timeout": parse_duration(document["timeout"]),
        "hold": max((one.hold for one in conditions), default=0.0),
        "state": standing.state if standing else "unknown",
        "since": standing.since if standing else None,
        "looked_at": standing.looked_at if standing else None,
        "flapping": standing.flapping if standing else False,
        "why": explain(standing.message) if standing and standing.state != "ok" else "",
        "message": standing.message if standing else {},
    }  # fmt: skip


def change_row(row: StateChange) -> Row:
    return {
        "check": str(row.check_of), "at": row.at, "before": row.before, "after": row.after, "message": row.message,
        "why": explain(row.message), "evidence": row.evidence, "muted": row.muted,
    }  # fmt: skip


def mute_row(row: Mute) -> Row:
    return {
        "id": row.pk, "system": row.system.name, "component": row.component.name if row.component else None,
        "check": row.check_of.name if row.check_of else None, "reason": row.reason, "by": row.actor,
        "from": row.starts_at, "until": row.ends_at,
    }  # fmt: skip


@router.get("/checks", response=Page)
def list_checks(
    request: HttpRequest, paging: Query[Paging], system: str | None = None, state: str | None = None, kind: str = ""
) -> Any:
    actor(request, "catalogue.read")
    found = catalogue.checks(system).select_related("standing").order_by("system__name", "name")
    if state:
        found = found.filter(standing__state=state)
    if kind:
        found = found.filter(kind=kind)
    return page(request, found, paging, check_row)


def _check(system: str, name: str) -> Check:
    return catalogue.checks(system).select_related("standing").get(name=name)


@router.get("/checks/{system}/{name}", response=dict[str, Any])
def show_check(request: HttpRequest, system: Path[str], name: Path[str]) -> Any:
    actor(request, "catalogue.read")
    row = _check(system, name)
    values = queries.last_values([row.pk])[row.pk]
    return {
        **check_row(row), "definition": row.document,
        "values": {
            metric: {"at": one.at, "value": one.value if math.isfinite(one.value) else None, "unit": one.unit}
            for metric, one in values.items()
        },
    }  # fmt: skip


@router.get("/checks/{system}/{name}/samples", response=dict[str, Any])
def list_samples(request: HttpRequest, system: Path[str], name: Path[str], stretch: Query[Stretch]) -> Any:
    actor(request, "catalogue.read")
    row = _check(system, name)
    end = datetime.now(UTC).timestamp()
    found = queries.samples(row.pk, stretch.metric, end - stretch.hours * 3600, end, stretch.points)
    numbers = [[value if math.isfinite(value) else None for value in point] for point in found]
    return {"metric": stretch.metric, "columns": ["at", "low", "mean", "high"], "points": numbers}


@router.get("/checks/{system}/{name}/changes", response=list[dict[str, Any]])
def list_changes(request: HttpRequest, system: Path[str], name: Path[str]) -> Any:
    actor(request, "catalogue.read")
    return [change_row(row) for row in queries.changes(check_id=_check(system, name).pk, limit=100)]


@router.post("/checks/{system}/{name}/run", response=Done)
def run_check(request: HttpRequest, system: Path[str], name: Path[str]) -> Any:
    actions.request_run(_check(system, name), actor=actor(request))
    return {}


@router.get("/checks/{system}/{name}/flow", response=dict[str, Any])
def show_flow(request: HttpRequest, system: Path[str], name: Path[str]) -> Any:
    actor(request, "catalogue.read")
    found = queries.observation(_check(system, name).pk)
    return {"at": found.at if found else None, "picture": found.payload if found else None}


@router.get("/checks/{system}/{name}/ping-address", response=dict[str, str])
def ping_address(request: HttpRequest, system: Path[str], name: Path[str]) -> Any:
    actor(request, "check.mute")
    row = _check(system, name)
    if row.kind != "heartbeat":
        raise ValueError(f"{row} is no heartbeat; nothing reports to it")
    return {"url": f"{BASE_URL}/ping/{actions.ping_token(row)}"}


@router.get("/mutes", response=list[dict[str, Any]])
def list_mutes(request: HttpRequest) -> Any:
    actor(request, "catalogue.read")
    return [mute_row(row) for row in queries.mutes(datetime.now(UTC))]


@router.post("/mutes", response=dict[str, Any])
def add_mute(request: HttpRequest, body: MuteIn) -> Any:
    who = actor(request)
    system = catalogue.system(body.system)
    component = Component.objects.get(system=system, name=body.component) if body.component else None
    check = _check(body.system, body.check) if body.check else None
    if (body.hours is None) == (body.until is None):
        raise ValueError("say either hours or until")
    until = body.until or datetime.now(UTC) + timedelta(hours=min(body.hours or 0, 24 * 366))
    if until.tzinfo is None:
        raise ValueError("until needs a zone, such as 2027-01-31T18:00:00+08:00")
    return mute_row(
        actions.mute(system=system, component=component, check=check, reason=body.reason, until=until, actor=who)
    )


@router.delete("/mutes/{number}", response=Done)
def end_mute(request: HttpRequest, number: Path[int]) -> Any:
    actions.unmute(number, actor=actor(request))
    return {}


@router.get("/health", response=dict[str, Any])
def health(request: HttpRequest) -> Any:
    actor(request, "catalogue.read")
    silent = queries.silent_processes(datetime.now(UTC))
    return {
        "version": __version__, "ok": not silent, "silent": silent,
        "processes": [{"name": row.process, "at": row.at, "facts": row.facts} for row in queries.pulses()],
    }  # fmt: skip
