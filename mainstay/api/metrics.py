"""``/metrics``: Mainstay's own figures as Prometheus' text format. They say how many, never what or who."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db.models import Count
from django.http import HttpRequest, HttpResponse

from mainstay import __version__
from mainstay.incidents import queries as incidents
from mainstay.monitoring import queries as monitoring
from mainstay.notices import queries as notices

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
STATES = ("ok", "warning", "critical", "unknown")


def metrics(_request: HttpRequest) -> HttpResponse:
    """Everything in one answer; a handful of counting queries."""
    return HttpResponse("\n".join(_lines()) + "\n", content_type=CONTENT_TYPE)


def _lines() -> Iterable[str]:
    now = datetime.now(UTC)
    yield from _metric("mainstay_build_info", "gauge", "Which version runs.", [({"version": __version__}, 1)])
    states = dict(monitoring.standings().values_list("state").annotate(Count("pk")).order_by())
    yield from _metric(
        "mainstay_checks", "gauge", "Checks by state.", [({"state": name}, states.get(name, 0)) for name in STATES]
    )
    levels = dict(incidents.open_incidents().filter(drill=None).values_list("level").annotate(Count("pk")).order_by())
    yield from _metric(
        "mainstay_incidents_running", "gauge", "Incidents that are not resolved, by level, without drills.",
        [({"level": str(level)}, levels.get(level, 0)) for level in (1, 2, 3)],
    )  # fmt: skip
    waiting, oldest = notices.waiting()
    age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    yield from _metric("mainstay_deliveries_waiting", "gauge", "Deliveries that are not sent yet.", [({}, waiting)])
    yield from _metric(
        "mainstay_deliveries_oldest_seconds", "gauge", "How long the oldest waiting delivery is overdue.", [({}, age)]
    )
    pulses = [({"process": row.process}, max(0.0, (now - row.at).total_seconds())) for row in monitoring.pulses()]
    yield from _metric("mainstay_pulse_age_seconds", "gauge", "Since when each process has been silent.", pulses)


def _metric(name: str, kind: str, text: str, values: Iterable[tuple[dict[str, str], float]]) -> Iterable[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in values:
        inside = ",".join(f'{key}="{_escaped(word)}"' for key, word in labels.items())
        yield f"{name}{{{inside}}} {value:g}" if inside else f"{name} {value:g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
