"""One check: its chart with thresholds and states, its changes with their evidence; look now."""

from collections.abc import Sequence
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
from mainstay.domain.threshold import Condition
from mainstay.monitoring import actions
from mainstay.monitoring import queries as monitoring
from mainstay.web import charts, flows, lists
from mainstay.web.access import actor, check_of, may, page
from mainstay.web.frames import FRAMES
from mainstay.web.limits import limits
from mainstay.web.live import live

RANGES = {"1h": 1, "6h": 6, "24h": 24, "7d": 168, "30d": 720, "90d": 2160}
USUAL = "6h"
CHANGES = 30


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
    primary = monitoring.primary_metric(found, values)
    metric = request.GET.get("metric", "")
    metric = metric if metric in values else monitoring.own_metric(found, values) or next(iter(values), "")
    judged_by = limits(found, primary, {key: one.unit for key, one in values.items()})
    lines = [(one.state, line) for one in judged_by for line in one.lines if (line.metric or primary) == metric]
    context = {
        "check": found,
        "standing": getattr(found, "standing", None),
        "values": [(key, one.value, one.unit, datetime.fromtimestamp(one.at, UTC)) for key, one in values.items()],
        "metric": metric,
        "ranges": RANGES,
        "stretch": stretch,
        "charts": _charts(found, metric, values[metric].unit if metric in values else "1", stretch, lines),
        "conditions": [(one.state.value, one.said) for one in judged_by],
        "every": format_duration(found.every),
        **lists.shown(request, monitoring.changes(check_id=found.pk, limit=None), CHANGES),
        "mute": monitoring.muted(found, now),
        "is_operator": may(request, "check.mute", system),
        "may_edit": may(request, "check.edit", system),
        "cost": monitoring.cost(found, now),
        "flow": flows.drawn([found])[0] if found.kind == "flow" else None,
    }
    return live(request, "check", context)


def _charts(
    found: Check, metric: str, unit: str, stretch: Stretch, lines: Sequence[tuple[State, Condition]]
) -> list[charts.Chart]:
    """The chart for each width of a screen; none where nothing was seen."""
    start, end = stretch.start, stretch.end
    points = monitoring.samples(found.pk, metric, start.timestamp(), end.timestamp())
    bands = monitoring.state_bands(found.pk, start, end)
    drawn = (charts.chart(points, unit, start, end, limits=lines, bands=bands, frame=frame) for frame in FRAMES)
    return [one for one in drawn if one]


@page("check.run")
@require_POST
def run(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """Ask the checker to look now."""
    actions.request_run(check_of(request, system, name), actor=actor(request))
    messages.success(request, _("The checker will look within a second or two."))
    return redirect("check", system, name)
