"""Systems: all of them at a glance."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse

from mainstay.backups.queries import overview
from mainstay.catalogue.naming import holds
from mainstay.domain.objective import budget, uptime
from mainstay.incidents import queries as incidents
from mainstay.monitoring import queries as monitoring
from mainstay.web import glance, lists
from mainstay.web.access import page, visible
from mainstay.web.live import live
from mainstay.web.templatetags.mainstay import called

DAY = timedelta(days=1)
SPAN = 30 * DAY
STATES = ("critical", "warning", "unknown", "ok")
SORTS = ("worst", "name", "tier")
PER_PAGE = 20
"""Each row tells of a day and of a month."""


@page("catalogue.read")
def systems(request: HttpRequest) -> HttpResponse:
    """Searched, filtered, sorted and paged by its address."""
    text, state = lists.words(request), lists.chosen(request, "state", STATES)
    sort = lists.chosen(request, "sort", SORTS, "worst")
    known = glance.systems(visible(request))
    found = [one for one in known if _fits(one, text, state)]
    found.sort(key=lambda one: _order(one, sort))
    shown = lists.shown(request, found, PER_PAGE)
    shown["page"].object_list = _rows(shown["page"].object_list)
    context = {
        **shown, "text": text, "state": state, "states": STATES, "sort": sort, "sorts": SORTS, "any": bool(known),
    }  # fmt: skip
    return live(request, "systems", context)


def _order(one: glance.Glanced, sort: str) -> tuple[Any, ...]:
    name = called(one.system).lower()
    return {"worst": (one.rank, one.system.tier, name), "tier": (one.system.tier, name)}.get(sort, (name,))


def _fits(one: glance.Glanced, text: str, state: str) -> bool:
    words = f"{one.system.name} {' '.join(map(str, one.system.title.values()))} {one.system.owner}"
    return (not state or one.state == state) and holds(words, text)


def _rows(shown: list[glance.Glanced]) -> list[dict[str, Any]]:
    """What is dearer to find, for the systems of this page only, each by one query for all of them."""
    now = datetime.now(UTC)
    names = [one.system.name for one in shown]
    strips = glance.strips(names, now - DAY, now)
    outages = monitoring.outage_bands_of(names, now - SPAN, now)
    money, running, looked = stuck_amounts(names), incidents.running_by_system(), monitoring.looked_at(names)
    proofs = overview.last_proofs([one.system.pk for one in shown])
    rows = []
    for one in shown:
        name, objective = one.system.name, float(one.system.objectives.get("availability", 99.0))
        up = uptime(outages[name], now - SPAN, now)
        checks = sum(one.counts.values())
        rows.append({
            "system": one.system, "state": one.state, "checks": checks, "not_ok": checks - one.counts.get("ok", 0),
            "day": strips[name], "running": running.get(name, 0), "at_risk": money.get(name), "uptime": up,
            "objective": objective, "budget": budget(up, objective, SPAN), "looked_at": looked.get(name),
            "proof": proofs.get(one.system.pk), "new": up.known < (SPAN - DAY).total_seconds(),
        })  # fmt: skip
    return rows


def stuck_amounts(names: list[str]) -> dict[str, float]:
    """System → the money in its stuck cases; left out where no flow is watched."""
    found: dict[str, float] = {}
    for _, system, stages in monitoring.flow_stages(names):
        found[system] = found.get(system, 0.0) + sum(stage["stuck_amount"] for stage in stages)
    return found
