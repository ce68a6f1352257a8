"""Systems: all at a glance, and one with its parts, its flows and its checks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Check, Component, System
from mainstay.domain.state import State
from mainstay.incidents import queries as incidents
from mainstay.monitoring import queries as monitoring
from mainstay.web import charts, graph
from mainstay.web.access import page
from mainstay.web.templatetags.mainstay import called

DAY = timedelta(days=1)
STRIP = 240


def _worst(states: list[str]) -> str:
    return max((State(one) for one in states), key=lambda state: state.rank, default=State.UNKNOWN).value


def _day(checks: list[Check], now: datetime) -> list[charts.Band]:
    bands = [monitoring.state_bands(check.pk, now - DAY, now) for check in checks if check.impact != "risk"]
    return charts.strip(charts.worst_of(bands, now - DAY, now), now - DAY, now, STRIP)


@page("catalogue.read")
def systems(request: HttpRequest) -> HttpResponse:
    """Every system: state, the last day, what runs."""
    now = datetime.now(UTC)
    running: dict[str, int] = {}
    for incident in incidents.open_incidents():
        if incident.system:
            running[incident.system.name] = running.get(incident.system.name, 0) + 1
    rows = [_row(system, running.get(system.name, 0), now) for system in catalogue.systems()]
    template = "parts/systems.html" if request.headers.get("HX-Request") else "systems.html"
    return render(request, template, {"rows": rows, "strip": STRIP})


def _row(system: System, running: int, now: datetime) -> dict[str, Any]:
    checks = list(catalogue.checks(system.name).select_related("standing"))
    standings = [check.standing for check in checks if hasattr(check, "standing")]
    return {
        "system": system,
        "state": _worst([one.state for one in standings]),
        "count": len(checks),
        "not_ok": sum(one.state != "ok" for one in standings),
        "running": running,
        "day": _day(checks, now),
        "looked_at": max((one.looked_at for one in standings if one.looked_at), default=None),
        **_availability(system.name, now),
        "at_risk": sum(_stuck_amount(check) for check in checks if check.kind == "flow"),
    }


def _availability(name: str, now: datetime) -> dict[str, Any]:
    share = monitoring.availability(name, now - 30 * DAY, now)
    return {"availability": share, "availability_percent": 100 * share if share is not None else None}


def _stuck_amount(check: Check) -> float:
    found = monitoring.observation(check.pk)
    return sum(stage["stuck_amount"] for stage in found.payload["stages"]) if found else 0.0


@page("catalogue.read")
def system(request: HttpRequest, name: str) -> HttpResponse:
    """One system."""
    now = datetime.now(UTC)
    found = get_object_or_404(System, name=name)
    checks = list(catalogue.checks(name).select_related("standing", "component").order_by("component__name", "name"))
    values = monitoring.last_values([check.pk for check in checks])
    context = {
        "system": found,
        "state": _worst([check.standing.state for check in checks if hasattr(check, "standing")]),
        "graph": _graph(found, checks),
        "flows": [_flow(check) for check in checks if check.kind == "flow"],
        "groups": _groups(checks, values),
        "incidents": incidents.search(state="running", system=name),
        "day": _day(checks, now),
        "strip": STRIP,
        **_availability(name, now),
        "changes": monitoring.changes(system=name, limit=12),
    }
    template = "parts/system.html" if request.headers.get("HX-Request") else "system.html"
    return render(request, template, context)


def _graph(system: System, checks: list[Check]) -> graph.Graph:
    components = list(
        Component.objects.filter(system=system, retired_at=None).prefetch_related("depends_on").order_by("name")
    )
    states: dict[int | None, list[str]] = {}
    for check in checks:
        if check.category == "system" and hasattr(check, "standing"):
            states.setdefault(check.component_id, []).append(check.standing.state)
    parts = incidents.parts_in_open(system.name)
    needs = {one.name: sorted(other.name for other in one.depends_on.all()) for one in components}
    looks = {
        one.name: (called(one), one.kind, _worst(states.get(one.pk, ["ok"])), parts.get(one.pk, ""))
        for one in components
    }
    return graph.draw(needs, looks)


def _flow(check: Check) -> dict[str, Any]:
    found = monitoring.observation(check.pk)
    picture = found.payload if found else None
    widest = max((stage["cases"] for stage in picture["stages"]), default=1) if picture else 1
    stages = [
        {**stage, "x": 20 + number * 160, **_bar(stage["cases"], widest)}
        for number, stage in enumerate(picture["stages"] if picture else [])
    ]
    return {
        "check": check,
        "picture": picture,
        "stages": stages,
        "width": 20 + 160 * len(stages),
        "at": found and found.at,
    }


def _bar(cases: int, widest: int) -> dict[str, float]:
    """A stage's filling within its box of 76 units, from the bottom."""
    height = round(72 * cases / max(1, widest), 1)
    return {"bar": height, "bar_y": 100 - height}


def _groups(checks: list[Check], values: dict[int, Any]) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = {}
    for check in checks:
        key = check.component.name if check.component else ""
        group = groups.setdefault(key, {"component": check.component, "rows": []})
        newest = values.get(check.pk) or {}
        first = next(iter(newest.items()), None)
        group["rows"].append({
            "check": check, "standing": getattr(check, "standing", None),
            "metric": first[0] if first else "", "value": first[1] if first else None,
        })  # fmt: skip
    for group in groups.values():
        group["rows"].sort(
            key=lambda row: (-State(row["standing"].state).rank if row["standing"] else 0, row["check"].name)
        )
        group["state"] = _worst([row["standing"].state for row in group["rows"] if row["standing"]])
    return list(groups.values())
