"""One check: its chart with thresholds and states, its changes with their evidence; look now."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue.models import Check
from mainstay.domain.duration import format_duration
from mainstay.domain.state import State
from mainstay.domain.threshold import Condition, parse_condition
from mainstay.monitoring import actions
from mainstay.monitoring import queries as monitoring
from mainstay.monitoring.wording import say_condition
from mainstay.web import charts, flows
from mainstay.web.access import actor, check_of, may, page
from mainstay.web.live import live

RANGES = {"1h": 1, "6h": 6, "24h": 24, "7d": 168, "30d": 720, "90d": 2160}
USUAL = "6h"


@dataclass(frozen=True, slots=True)
class Stretch:
    """What the chart shows. ``range`` is empty where the reader drew it himself."""

    start: datetime
    end: datetime
    range: str


def _stretch(request: HttpRequest, now: datetime) -> Stretch:
    """By ``range``, or by ``from`` and ``to`` in seconds since 1970; nonsense is the usual range."""
    try:
        start, end = (datetime.fromtimestamp(float(request.GET[key]), UTC) for key in ("from", "to"))
    except (KeyError, ValueError, OverflowError, OSError):
        pass
    else:
        if timedelta(seconds=10) <= end - start <= timedelta(days=400):
            return Stretch(start, end, "")
    chosen = request.GET.get("range", USUAL)
    chosen = chosen if chosen in RANGES else USUAL
    return Stretch(now - timedelta(hours=RANGES[chosen]), now, chosen)


@page("catalogue.read")
def check(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """One check over a range of time."""
    found = check_of(request, system, name)
    now = datetime.now(UTC)
    stretch = _stretch(request, now)
    values = monitoring.last_values([found.pk])[found.pk]
    primary = next(iter(values), "")
    metric = request.GET.get("metric", "")
    metric = metric if metric in values else primary
    context = {
        "check": found,
        "standing": getattr(found, "standing", None),
        "values": [(key, one.value, one.unit, datetime.fromtimestamp(one.at, UTC)) for key, one in values.items()],
        "metric": metric,
        "ranges": RANGES,
        "stretch": stretch,
        "chart": _chart(found, metric, primary, values[metric].unit if metric in values else "1", stretch),
        "conditions": _said(found, primary, {key: one.unit for key, one in values.items()}),
        "every": format_duration(found.every),
        "changes": monitoring.changes(check_id=found.pk, limit=30),
        "mute": monitoring.muted(found, now),
        "is_operator": may(request, "check.mute", system),
        "may_edit": may(request, "check.edit", system),
        "cost": monitoring.cost(found, now),
        "flow": next(iter(flows.drawn([found] if found.kind == "flow" else [])), None),
    }
    return live(request, "check", context)


def _chart(found: Check, metric: str, primary: str, unit: str, stretch: Stretch) -> charts.Chart | None:
    limits = [(state, one) for state, one in _conditions(found) if (one.metric or primary) == metric]
    points = monitoring.samples(found.pk, metric, stretch.start.timestamp(), stretch.end.timestamp())
    bands = monitoring.state_bands(found.pk, stretch.start, stretch.end)
    return charts.chart(points, unit, stretch.start, stretch.end, limits=limits, bands=bands)


def _said(found: Check, primary: str, units: dict[str, str]) -> list[tuple[str, str]]:
    """State and sentence of every condition."""
    return [
        (state.value, say_condition(one, primary, units.get(one.metric or primary, "1")))
        for state, one in _conditions(found)
    ]


def _conditions(found: Check) -> list[tuple[State, Condition]]:
    pairs: list[tuple[State, str]] = [
        *((State.CRITICAL, text) for text in found.document.get("crit", [])),
        *((State.WARNING, text) for text in found.document.get("warn", [])),
    ]
    return [(state, parse_condition(text)) for state, text in pairs]


@page("check.run")
@require_POST
def run(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """Ask the checker to look now."""
    actions.request_run(check_of(request, system, name), actor=actor(request))
    messages.success(request, _("The checker will look within a second or two."))
    return redirect("check", system, name)
