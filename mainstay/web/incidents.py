"""Incidents: the list, and one with its timeline and its acts."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.api.attachments import download, taken
from mainstay.catalogue import queries as catalogue
from mainstay.diagnosis import queries as diagnosis
from mainstay.domain.attachment import IMAGES
from mainstay.domain.clock import Reason
from mainstay.domain.saying import said
from mainstay.domain.state import Category
from mainstay.help_desk import queries as desk
from mainstay.incidents import actions, queries
from mainstay.incidents.clocks import clocks_of
from mainstay.knowledge import queries as knowledge
from mainstay.monitoring.wording import language_of
from mainstay.notices import queries as notices
from mainstay.on_call import queries as on_call
from mainstay.remedies import queries as remedies
from mainstay.reviews import queries as reviews
from mainstay.web import lists
from mainstay.web.access import actor, incident_of, may, page, system_of, visible
from mainstay.web.attempt import attempt
from mainstay.web.incident_plots import plots
from mainstay.web.live import live

CATEGORIES = tuple(one.value for one in Category)
ENTRIES, DELIVERIES, SIGNALS = 500, 50, 20
STATES = ("running", "open", "acknowledged", "resolved", "")


@page("incident.read")
def incidents(request: HttpRequest) -> HttpResponse:
    """Filtered, searched, sorted and paged by its address; or as plots."""
    if request.GET.get("view") == "plots":
        return plots(request)
    level = lists.chosen(request, "level", ("1", "2", "3"))
    wanted: dict[str, Any] = {
        "state": lists.chosen(request, "state", STATES, "running"),
        "system": request.GET.get("system", ""),
        "level": int(level) if level else None,
        "category": lists.chosen(request, "category", CATEGORIES),
        "text": lists.words(request),
        "sort": lists.chosen(request, "sort", queries.SORTS, "due"),
    }
    systems = list(catalogue.systems(visible(request)))
    context = {
        **lists.shown(request, queries.search(**wanted, sight=visible(request))),
        "wanted": wanted, "systems": systems, "categories": CATEGORIES, "sorts": tuple(queries.SORTS),
        "mine": [one for one in systems if may(request, "incident.open", one.name)],
    }  # fmt: skip
    return live(request, "incidents", context)


@page("incident.open")
@require_POST
def open_by_hand(request: HttpRequest) -> HttpResponse:
    """A fault that no check sees."""
    asked = request.POST
    system = system_of(request, asked.get("system", ""))
    try:
        made = actions.open_by_hand(
            system=system.name, title=asked.get("title", "")[:200], text=asked.get("text", ""),
            category=asked.get("category", ""), level=int(asked.get("level", "")), actor=actor(request),
        )  # fmt: skip
    except ObjectDoesNotExist:
        raise Http404 from None  # retired
    except ValueError as error:
        messages.error(request, said(error, _))
        return redirect("incidents")
    messages.success(request, _("It is an incident now."))
    return redirect("incident", made.pk)


@page("incident.read")
def incident(request: HttpRequest, number: int) -> HttpResponse:
    """One incident."""
    found = incident_of(request, number)
    system = found.system.name if found.system else None
    context = {
        "incident": found,
        "clocked": clocks_of([found], datetime.now(UTC))[number],
        "members": queries.members(number),
        **lists.shown(request, queries.timeline(number), ENTRIES),
        "left_out": queries.left_out(number),
        "signals": lists.cut(queries.signals(number), SIGNALS),
        "changes": diagnosis.changes_before(found),
        "deliveries": lists.cut(notices.deliveries(incident_id=number), DELIVERIES),
        "brief": queries.brief(number),
        "called": on_call.explain(found),
        "attempts": remedies.attempts(incident=number),
        "response": on_call.response_team(found.system, datetime.now(UTC)) if found.system else [],
        "categories": CATEGORIES,
        "reasons": [one.value for one in Reason],
        "images": IMAGES,
        "is_operator": may(request, "incident.note", system),
        "is_writer": may(request, "article.write", system),
        "review": reviews.of_incident(number),
        "tickets": desk.of_incident(number) if may(request, "desk.read", system) else (),
        "similar": knowledge.similar(found, visible(request)),
        "fitting": knowledge.fitting(found, language_of(get_language()), visible(request)),
    }
    return live(request, "incident", context)


def _act(request: HttpRequest, number: int, work: Callable[[], Any], done: str) -> HttpResponse:
    incident_of(request, number)
    attempt(request, work, done)
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

    def work() -> Any:
        files = taken(request.FILES.getlist("files"))
        return actions.note(number, text, actor=actor(request), files=files)

    return _act(request, number, work, _("Noted."))


@page("incident.read")
def attachment(request: HttpRequest, number: int, file: int) -> HttpResponse:
    """A file that came with a note."""
    try:
        found = queries.attachment(number, file, visible(request))
    except ObjectDoesNotExist:
        raise Http404 from None
    return download(found, found.kind)


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


@page("incident.pause")
@require_POST
def pause(request: HttpRequest, number: int) -> HttpResponse:
    reason, text = request.POST.get("reason", ""), request.POST.get("text", "")
    work = lambda: actions.pause(number, reason=reason, text=text, actor=actor(request))  # noqa: E731 - as above
    return _act(request, number, work, _("The clock is paused."))


@page("incident.resume")
@require_POST
def resume(request: HttpRequest, number: int) -> HttpResponse:
    return _act(request, number, lambda: actions.resume(number, actor=actor(request)), _("The clock runs on."))
