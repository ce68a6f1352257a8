"""Incidents: the list, and one with its timeline and its acts."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue import queries as catalogue
from mainstay.incidents import actions, queries
from mainstay.incidents.models import Incident
from mainstay.notices import queries as notices
from mainstay.web.access import actor, page

PER_PAGE = 50
STATES = ("running", "open", "acknowledged", "resolved", "")


@page("incident.read")
def incidents(request: HttpRequest) -> HttpResponse:
    """Filtered, searched, sorted and paged by its address."""
    asked = request.GET
    state = asked.get("state", "running")
    level = asked.get("level", "")
    wanted: dict[str, Any] = {
        "state": state if state in STATES else "running",
        "system": asked.get("system", ""),
        "level": int(level) if level in ("1", "2", "3") else None,
        "category": asked.get("category", "") if asked.get("category") in ("system", "data", "business") else "",
        "text": asked.get("q", "").strip()[:100],
        "sort": asked.get("sort", "newest") if asked.get("sort") in queries.SORTS else "newest",
    }
    found = Paginator(queries.search(**wanted), PER_PAGE).get_page(asked.get("page"))
    query = asked.copy()
    query.pop("page", None)
    context = {"page": found, "wanted": wanted, "systems": catalogue.systems(), "query": query.urlencode()}
    template = "parts/incidents.html" if request.headers.get("HX-Request") else "incidents.html"
    return render(request, template, context)


@page("incident.read")
def incident(request: HttpRequest, number: int) -> HttpResponse:
    """One incident."""
    found = get_object_or_404(Incident.objects.select_related("system", "root"), pk=number)
    context = {
        "incident": found,
        "members": queries.members(number),
        "timeline": list(queries.timeline(number)[:500]),
        "explanation": queries.explain(number),
        "deliveries": notices.deliveries(incident_id=number)[:50],
        "brief": queries.brief(number),
    }
    return render(request, "parts/incident.html" if request.headers.get("HX-Request") else "incident.html", context)


def _act(request: HttpRequest, number: int, work: Callable[[], Any], done: str) -> HttpResponse:
    get_object_or_404(Incident, pk=number)
    try:
        work()
    except ValueError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("incident", number)


@page("incident.acknowledge")
@require_POST
def acknowledge(request: HttpRequest, number: int) -> HttpResponse:
    text = request.POST.get("text", "")
    work = lambda: actions.acknowledge(number, actor=actor(request), note=text)  # noqa: E731 - named for the next line
    return _act(request, number, work, _("You have taken it on."))


@page("incident.note")
@require_POST
def note(request: HttpRequest, number: int) -> HttpResponse:
    text = request.POST.get("text", "")
    return _act(request, number, lambda: actions.note(number, text, actor=actor(request)), _("Noted."))


@page("incident.resolve")
@require_POST
def resolve(request: HttpRequest, number: int) -> HttpResponse:
    text = request.POST.get("text", "")
    return _act(request, number, lambda: actions.resolve(number, actor=actor(request), note=text), _("Resolved."))


@page("incident.reopen")
@require_POST
def reopen(request: HttpRequest, number: int) -> HttpResponse:
    text = request.POST.get("text", "")
    return _act(request, number, lambda: actions.reopen(number, actor=actor(request), reason=text), _("Open again."))


@page("incident.regrade")
@require_POST
def regrade(request: HttpRequest, number: int) -> HttpResponse:
    text, level = request.POST.get("text", ""), request.POST.get("level", "")
    category = request.POST.get("category", "")

    def work() -> Any:
        return actions.regrade(
            number, level=int(level) if level else None, category=category or None, reason=text, actor=actor(request)
        )

    return _act(request, number, work, _("Graded anew."))
