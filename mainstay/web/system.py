"""One system: how it is, what depends on what, its days, its flows, its checks."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Check, Component, System
from mainstay.catalogue.naming import holds
from mainstay.domain import objective
from mainstay.domain.inspection import NOT_WATCHED
from mainstay.domain.state import State
from mainstay.incidents import queries as incidents
from mainstay.monitoring import queries as monitoring
from mainstay.on_call import queries as on_call
from mainstay.web import flows, glance, graph, lists
from mainstay.web.access import may, page, system_of
from mainstay.web.live import live
from mainstay.web.systems import STATES
from mainstay.web.templatetags.mainstay import called

DAY = timedelta(days=1)
DAYS = 90


@page("catalogue.read")
def system(request: HttpRequest, name: str) -> HttpResponse:
    """One system; ``q`` and ``state`` narrow its checks."""
    now = datetime.now(UTC)
    found = system_of(request, name)
    checks = list(catalogue.checks(name).select_related("standing").order_by("component__name", "name"))
    text, wanted = lists.words(request), lists.chosen(request, "state", STATES)
    context = {
        "system": found,
        "state": glance.worst([check.standing.state for check in checks if hasattr(check, "standing")]),
        "day": glance.strips([name], now - DAY, now)[name],
        "graph": _graph(found, checks),
        "flows": [flows.briefly(one) for one in flows.drawn([check for check in checks if check.kind == "flow"])],
        "groups": _groups([check for check in checks if _fits(check, text, wanted)]),
        "text": text,
        "wanted": wanted,
        "states": STATES,
        "incidents": list(incidents.search(state="running", system=name, sort="level")),
        "changes": list(monitoring.news(system=name, limit=12)),
        "told": _told(found),
        "response": on_call.response_team(found, now),
        "first_called": _first_called(found, now),
        "mutes": list(monitoring.mutes(now).filter(system=found, check_of=None).order_by("ends_at")),
        "may_mute": may(request, "check.mute", name),
        "components": catalogue.components(name).order_by("name"),
        "has_text": may(request, "catalogue.export", None),
        **_availability(found, now),
    }
    return live(request, "system", context)


def _fits(check: Check, text: str, state: str) -> bool:
    words = f"{check.name} {' '.join(map(str, check.title.values()))}"
    return state in ("", _state(check)) and holds(words, text)


def _state(check: Check) -> str:
    return check.standing.state if hasattr(check, "standing") else State.UNKNOWN.value


def _told(system: System) -> list[str]:
    """Channels that hear of this system's incidents."""
    named = system.document.get("notify") or []
    return [
        channel.name for channel in catalogue.channels()
        if (not named or channel.name in named)
        and (not channel.document.get("systems") or system.name in channel.document["systems"])
    ]  # fmt: skip


def _first_called(system: System, now: datetime) -> on_call.Planned | None:
    """The step that would be the first to reach somebody, for a severe incident that begins now."""
    return next((one for one in on_call.simulate(system, 1, now) if one.found.receivers), None)


def _availability(system: System, now: datetime) -> dict[str, Any]:
    """The last days one by one, all of them together, and the error budget that the objective leaves."""
    goal, zone = float(system.objectives.get("availability", 99.0)), ZoneInfo(system.timezone)
    start = now - DAYS * DAY
    bands = monitoring.outage_bands(system.name, start, now)
    whole = objective.uptime(bands, start, now)
    days = [
        {"x": number * 6, "day": day, "share": one.share, "down": one.down, "look": _look(one, goal)}
        for number, (day, one) in enumerate(objective.days(bands, now, DAYS, zone))
    ]
    looks = [one["look"] for one in days]
    return {
        "days": days, "looks": looks, "uptime": whole, "goal": goal,
        "budget": objective.budget(whole, goal, DAYS * DAY), "new": whole.known < (DAYS - 1) * DAY.total_seconds(),
    }  # fmt: skip


def _look(one: objective.Uptime, goal: float) -> str:
    if one.share is None:
        return "none"
    if one.down == 0:
        return "ok"
    return "warning" if one.share * 100 >= goal else "critical"


def _graph(system: System, checks: list[Check]) -> graph.Graph:
    components = list(
        Component.objects.filter(system=system, retired_at=None).prefetch_related("depends_on").order_by("name")
    )
    states: dict[int | None, list[str]] = {}
    for check in checks:
        states.setdefault(check.component_id, []).append(_state(check))
    parts = incidents.parts_in_open(system.name)
    needs = {one.name: sorted(other.name for other in one.depends_on.all()) for one in components}
    looks = {
        one.name: (called(one), one.kind, _worst(states.get(one.pk, ())), parts.get(one.pk, "")) for one in components
    }
    return graph.draw(needs, looks)


def _worst(states: Collection[str]) -> str:
    """Of a part; where no check is about it, that it is not watched."""
    return glance.worst(states) if states else NOT_WATCHED


def _groups(checks: list[Check]) -> list[dict[str, Any]]:
    """The checks by component; within one the worst first, and the worst component first."""
    values = monitoring.last_values([check.pk for check in checks])
    groups: dict[str, dict[str, Any]] = {}
    for check in checks:
        key = check.component.name if check.component else ""
        group = groups.setdefault(key, {"component": check.component, "rows": []})
        metric = monitoring.own_metric(check, values[check.pk])
        group["rows"].append({
            "check": check, "standing": getattr(check, "standing", None),
            "metric": metric, "value": values[check.pk].get(metric),
        })  # fmt: skip
    for group in groups.values():
        group["rows"].sort(key=lambda row: (-_rank(row), called(row["check"])))
        group["state"] = glance.worst(_state(row["check"]) for row in group["rows"])
        group["bad"] = [row for row in group["rows"] if _rank(row) > 0]
        group["good"] = [row for row in group["rows"] if _rank(row) == 0]
    return sorted(groups.values(), key=lambda group: -State(group["state"]).rank)


def _rank(row: dict[str, Any]) -> int:
    return State(_state(row["check"])).rank
