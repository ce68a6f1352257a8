"""One check: its chart with thresholds and states, its changes with their evidence; look now, mute."""

from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue.models import Check
from mainstay.domain.duration import format_duration
from mainstay.domain.state import State
from mainstay.domain.threshold import Condition, parse_condition
from mainstay.monitoring import actions
from mainstay.monitoring import queries as monitoring
from mainstay.web import charts
from mainstay.web.access import actor, page

RANGES = {"1h": 1, "6h": 6, "24h": 24, "7d": 168, "30d": 720}


def _find(system: str, name: str) -> Check:
    found = Check.objects.select_related("system", "component", "standing")
    return get_object_or_404(found, system__name=system, name=name)


@page("catalogue.read")
def check(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """One check over a range of time."""
    found = _find(system, name)
    now = datetime.now(UTC)
    chosen = request.GET.get("range", "6h")
    hours = RANGES.get(chosen, 6)
    start = now - timedelta(hours=hours)
    values = monitoring.last_values([found.pk])[found.pk]
    metric = request.GET.get("metric", "") or next(iter(values), "")
    unit = values[metric].unit if metric in values else "1"
    points = monitoring.samples(found.pk, metric, start.timestamp(), now.timestamp()) if metric in values else []
    context = {
        "check": found,
        "standing": getattr(found, "standing", None),
        "values": [(key, one.value, one.unit, datetime.fromtimestamp(one.at, UTC)) for key, one in values.items()],
        "metric": metric,
        "ranges": RANGES,
        "range": chosen if chosen in RANGES else "6h",
        "chart": charts.chart(
            points, unit, start, now, limits=_limits(found, metric, next(iter(values), "")),
            bands=monitoring.state_bands(found.pk, start, now),
        ),
        "conditions": [*found.document.get("warn", []), *found.document.get("crit", [])],
        "every": format_duration(found.every),
        "changes": monitoring.changes(check_id=found.pk, limit=30),
        "mute": monitoring.muted(found, now),
    }  # fmt: skip
    return render(request, "parts/check.html" if request.headers.get("HX-Request") else "check.html", context)


def _limits(found: Check, metric: str, primary: str) -> list[tuple[State, Condition]]:
    limits = []
    for state, key in ((State.WARNING, "warn"), (State.CRITICAL, "crit")):
        for text in found.document.get(key, []):
            condition = parse_condition(text)
            if (condition.metric or primary) == metric:
                limits.append((state, condition))
    return limits


@page("check.run")
@require_POST
def run(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """Ask the checker to look now."""
    actions.request_run(_find(system, name), actor=actor(request))
    messages.success(request, _("The checker will look within a second or two."))
    return redirect("check", system, name)


@page("check.mute")
@require_POST
def mute(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """Judge on, but tell nobody for a while."""
    found = _find(system, name)
    try:
        hours = min(720.0, max(0.1, float(request.POST.get("hours", "1"))))
        until = datetime.now(UTC) + timedelta(hours=hours)
        reason = request.POST.get("reason", "")
        actions.mute(system=found.system, check=found, reason=reason, until=until, actor=actor(request))
    except ValueError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Muted. It is judged on, but nobody is told."))
    return redirect("check", system, name)


@page("check.unmute")
@require_POST
def unmute(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """End the mute that is in force."""
    found = _find(system, name)
    if current := monitoring.muted(found, datetime.now(UTC)):
        actions.unmute(current.pk, actor=actor(request))
        messages.success(request, _("The mute has ended."))
    return redirect("check", system, name)
