"""The wall screen: what a room should see from afar, one view after the other."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse

from mainstay.catalogue import queries as catalogue
from mainstay.incidents import queries as incidents
from mainstay.incidents.clocks import clocks_of
from mainstay.monitoring import queries as monitoring
from mainstay.web import glance
from mainstay.web.access import page, visible
from mainstay.web.context import silent
from mainstay.web.flow_moves import Given, Stages, moves, off_path
from mainstay.web.live import live
from mainstay.web.systems import stuck_amounts
from mainstay.web.today import not_ok, watched

SYSTEMS, INCIDENTS, FLOWS, STAGES = 9, 6, 3, 7
"""As many as fit in large type on any screen, upright ones too."""
DAY = timedelta(days=1)
EACH, LONGEST = 15, 3600
"""Seconds that a view stays, unless the address says ``?each=``."""


@page("incident.read")
def wall(request: HttpRequest) -> HttpResponse:
    """Full screen; it refreshes and goes on by itself, every ``each`` seconds."""
    each = request.GET.get("each", "")
    now, sight = datetime.now(UTC), visible(request)
    known = sorted(glance.systems(sight), key=lambda one: (one.rank, one.system.tier))
    running = incidents.open_incidents(sight)
    count = running.count()
    unheard, shown = silent(), list(running[:INCIDENTS])
    context = {
        "now": now, "silent": unheard, "quiet": not (unheard or count or not_ok(sight).exists()),
        "each": min(LONGEST, max(1, int(each))) if each.isdecimal() and len(each) < 9 else EACH,
        "systems": _systems(known[:SYSTEMS], now), "more_systems": max(0, len(known) - SYSTEMS),
        "incidents": shown, "clocks": clocks_of(shown, now), "running": count,
        "more_incidents": max(0, count - INCIDENTS),
        "flows": _flows([one.system.name for one in known]),
        "quiet_since": incidents.last_resolved_at(sight), "watched": watched(now, sight),
        "states": [(state, sum(one.state == state for one in known))
                   for state in ("critical", "warning", "unknown", "ok")],
    }  # fmt: skip
    return live(request, "wall", context)


def _systems(shown: list[glance.Glanced], now: datetime) -> list[dict[str, Any]]:
    names = [one.system.name for one in shown]
    strips, money = glance.strips(names, now - DAY, now), stuck_amounts(names)
    return [
        {"system": one.system, "state": one.state, "day": strips[one.system.name],
         "at_risk": money.get(one.system.name)}
        for one in shown
    ]  # fmt: skip


def _flows(systems: list[str]) -> list[dict[str, Any]]:
    """Those with the most money in stuck cases, or the most stuck cases, first."""
    found = [
        {
            "key": key, "stages": stages,
            "stuck": sum(stage["stuck"] for stage in stages),
            "amount": sum(stage["stuck_amount"] for stage in stages),
        }
        for key, _, stages in monitoring.flow_stages(systems)
    ]  # fmt: skip
    worst = sorted(found, key=lambda one: (-one["amount"], -one["stuck"]))[:FLOWS]
    keys = [one["key"] for one in worst]
    checks, steps = catalogue.checks().in_bulk(keys), monitoring.flow_steps(keys)
    return [{**one, "check": checks[one["key"]], **_moved(one["stages"], *steps[one["key"]])} for one in worst]


def _moved(stages: Stages, steps: Given, detours: Given) -> dict[str, Any]:
    """The stages with how many went on from each to the next one, and how many steps left the path."""
    found = moves(stages, steps, detours)
    onward = {one.start: one.count for one in found if one.kind == "step"}
    return {
        "stages": [{**stage, "onward": onward.get(number)} for number, stage in enumerate(stages[:STAGES])],
        "off_path": off_path(found),
    }
