"""The diagnosis of an incident on one page, and the form by which people tell of a deployment."""

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue import queries as catalogue
from mainstay.diagnosis import actions, queries
from mainstay.diagnosis.wording import against, reasons
from mainstay.monitoring.wording import language_of
from mainstay.web.access import actor, incident_of, may, or_404, page, visible
from mainstay.web.attempt import attempt
from mainstay.web.diagnosis_picture import legend, pictures

SUSPECTS, EVENTS = 5, 80


@page("incident.read")
def diagnosis(request: HttpRequest, number: int) -> HttpResponse:
    """Gathered when it is asked for."""
    incident, language = incident_of(request, number), language_of(get_language())
    found = queries.diagnosis(incident, language, datetime.now(UTC), visible(request))
    system = incident.system.name if incident.system else None
    suspects = [
        {
            "component": found.scope.parts[one.component], "reasons": reasons(found, one, language),
            "against": against(found, one, language),
        }
        for one in found.suspects[:SUSPECTS]
    ]  # fmt: skip
    context = {
        "incident": incident, "found": found, "suspects": suspects, "pictures": pictures(found, language),
        "legend": legend(), "happened": found.events[::-1][:EVENTS],
        "logs": [one for one in found.exhibits if one.kind == "log"],
        "databases": [one for one in found.exhibits if one.kind == "sql"],
        "is_operator": may(request, "incident.note", system), "may_tell": may(request, "deployment.tell", system),
        "components": list(catalogue.components(system)) if system else [],
    }  # fmt: skip
    return render(request, "diagnosis.html", context)


@page("deployment.tell")
@require_POST
def deployed(request: HttpRequest, number: int) -> HttpResponse:
    """A deployment that no program told of, minutes before now."""
    incident, asked = incident_of(request, number), request.POST
    system = incident.system.name if incident.system else ""

    def work() -> object:
        minutes = min(10_000, int(asked.get("minutes") or 0))
        return actions.tell_deployment(
            system, asked.get("component", ""), asked.get("version", ""), note=asked.get("note", ""),
            at=datetime.now(UTC) - timedelta(minutes=minutes), actor=actor(request),
        )  # fmt: skip

    or_404(lambda: attempt(request, work, _("It is on record now.")))
    return redirect("incident-diagnosis", number)
