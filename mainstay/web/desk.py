"""The help desk's inner side: the queue, one ticket, and what operators do with it."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.api.attachments import harmless
from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import authorise, sight_for
from mainstay.domain.attachment import IMAGES, UNKNOWN
from mainstay.domain.help_desk import Kind, State, label
from mainstay.help_desk import actions, queries
from mainstay.help_desk.models import Ticket
from mainstay.knowledge import queries as knowledge
from mainstay.monitoring.wording import language_of
from mainstay.web import lists
from mainstay.web.access import actor, may, or_404, page, visible
from mainstay.web.attempt import attempt
from mainstay.web.help_desk import filled

KINDS = tuple(one.value for one in Kind)
STATES = ("open", *(one.value for one in State), "")
LETTERS, RUNNING = 20, 30


@page("desk.read")
def desk(request: HttpRequest) -> HttpResponse:
    """Filtered, searched and paged by its address."""
    wanted = {
        "state": lists.chosen(request, "state", STATES, "open"), "system": request.GET.get("system", ""),
        "kind": lists.chosen(request, "kind", KINDS), "text": lists.words(request),
        "sort": lists.chosen(request, "sort", queries.SORTS, "newest"),
    }  # fmt: skip
    mine = sight_for(actor(request), "desk.read")
    context = {
        **lists.shown(request, queries.tickets(**wanted, sight=mine)),
        "wanted": wanted, "states": STATES, "kinds": KINDS, "sorts": tuple(queries.SORTS),
        "systems": list(catalogue.systems(visible(request))), "address": catalogue.help_desk_address(),
        "may_write": catalogue.letter_channel() is not None,
        "requirements": lists.cut(queries.requirements(mine), 10),
    }  # fmt: skip
    return render(request, "desk.html", context)


@page("desk.open")
@require_POST
def opened(request: HttpRequest) -> HttpResponse:
    """In the name of somebody who called."""
    made: list[Ticket] = []
    work = lambda: made.append(actions.open_ticket(filled(request), actor=actor(request), came_by="page"))  # noqa: E731 - named for the next line
    if _tried(request, work, _("It is in the queue.")):
        return redirect("desk-ticket", made[0].pk)
    return redirect("desk")


@page("desk.read")
def ticket(request: HttpRequest, number: int) -> HttpResponse:
    """One ticket, what fits it, and what may be done."""
    found = _ticket(request, number)
    said = list(queries.messages(number))
    asked = f"{found.subject} {next((one.text[:500] for one in said if one.word == 'said'), '')}"
    context = {
        "ticket": found, "label": label(number), "messages_said": said, "images": IMAGES, "kinds": KINDS,
        "letters": lists.cut(queries.deliveries(number), LETTERS),
        "candidates": list(queries.running(found, visible(request))[:RUNNING]),
        "offered": knowledge.offered(asked, knowledge.articles(state="published", sight=visible(request)),
                                     language_of(get_language())),
        "systems": list(catalogue.systems(visible(request))),
        "requirement": queries.requirements(visible(request)).filter(ticket=number).first(),
        "is_operator": may(request, "desk.answer", found.system.name if found.system else None),
    }  # fmt: skip
    return render(request, "desk_ticket.html", context)


@page("desk.read")
def file(request: HttpRequest, number: int, file: int) -> HttpResponse:
    """A file that its reporter sent."""
    found = or_404(lambda: queries.file(_ticket(request, number), file))
    return harmless(queries.content(found), found.name, found.kind if found.kind in IMAGES else UNKNOWN)


@page("desk.answer")
@require_POST
def answer(request: HttpRequest, number: int) -> HttpResponse:
    text, way = request.POST.get("text", ""), request.POST.get("way", "")
    if way == "note":
        return _act(request, number, lambda: actions.note(number, text, actor=actor(request)), _("Noted."))
    work = lambda: actions.answer(number, text, actor=actor(request), ask=way == "ask")  # noqa: E731 - named for the next line
    return _act(request, number, work, _("The answer is on its way."))


@page("desk.sort")
@require_POST
def sort(request: HttpRequest, number: int) -> HttpResponse:
    kind, system = request.POST.get("kind") or None, request.POST.get("system")
    work = lambda: actions.sort(number, actor=actor(request), kind=kind, system=system)  # noqa: E731 - named for the next line
    return _act(request, number, work, _("Sorted."))


@page("desk.join")
@require_POST
def join(request: HttpRequest, number: int) -> HttpResponse:
    given = request.POST.get("incident", "")
    incident = int(given) if given.isdecimal() and len(given) < 15 else None
    return _act(request, number, lambda: actions.join(number, incident, actor=actor(request)), _("It is joined."))


@page("desk.close")
@require_POST
def close(request: HttpRequest, number: int) -> HttpResponse:
    text = request.POST.get("text", "")
    return _act(request, number, lambda: actions.close(number, actor=actor(request), text=text), _("It is closed."))


@page("desk.wish")
@require_POST
def wish(request: HttpRequest, number: int) -> HttpResponse:
    work = lambda: actions.make_requirement(number, actor=actor(request))  # noqa: E731 - named for the next line
    return _act(request, number, work, _("It is a requirement now."))


def _act(request: HttpRequest, number: int, work: Callable[[], Any], done: str) -> HttpResponse:
    _ticket(request, number)
    _tried(request, work, done)
    return redirect("desk-ticket", number)


def _tried(request: HttpRequest, work: Callable[[], Any], done: str) -> bool:
    try:
        return attempt(request, work, done)
    except ObjectDoesNotExist:
        raise Http404 from None


def _ticket(request: HttpRequest, number: int) -> Ticket:
    """404 for one that may not be seen; Denied where its system may be seen and its tickets may not."""
    found = or_404(lambda: queries.ticket(number, visible(request)))
    authorise(actor(request), "desk.read", system=found.system.name if found.system else None)
    return found
