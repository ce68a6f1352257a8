"""Today: what needs somebody now, or that nothing does."""

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mainstay.catalogue import queries as catalogue
from mainstay.incidents import queries as incidents
from mainstay.monitoring import queries as monitoring
from mainstay.notices import queries as notices
from mainstay.web.access import page

SHOWN = 50


@page("incident.read")
def today(request: HttpRequest) -> HttpResponse:
    """The first page; its fragment refreshes by itself."""
    now = datetime.now(UTC)
    running = list(incidents.open_incidents()[:SHOWN])
    in_incident = incidents.checks_in_open()
    standings = monitoring.standings(states=("warning", "critical", "unknown")).exclude(check_of_id__in=in_incident)
    last = incidents.search(state="resolved")[:5]
    looked = monitoring.standings().filter(looked_at__gte=now - timedelta(minutes=2)).count()
    context = {
        "incidents": running,
        "not_ok": list(standings[:SHOWN]),
        "undelivered": list(notices.undelivered(now)[:SHOWN]),
        "last": list(last),
        "quiet_since": max((row.resolved_at for row in last if row.resolved_at), default=None),
        "checks": catalogue.checks().count(),
        "systems": catalogue.systems().count(),
        "looked": looked,
    }
    return render(request, "parts/today.html" if request.headers.get("HX-Request") else "today.html", context)
