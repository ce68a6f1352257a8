"""Search or go to: pages, systems, components, checks, incidents and the manual by one word."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.naming import holds
from mainstay.domain.actor import Sight
from mainstay.incidents import queries as incidents
from mainstay.web import manual, places
from mainstay.web.access import actor, page, visible
from mainstay.web.lists import words as words_of
from mainstay.web.templatetags.mainstay import called, words

EACH = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """Where to, and what it is."""

    url: str
    title: str
    kind: str


@page("catalogue.read")
def find(request: HttpRequest) -> HttpResponse:
    """The palette asks for the list alone; without script it is a page of its own."""
    text = words_of(request)
    context = {"hits": _hits(text, request), "text": text}
    return render(request, "parts/found.html" if request.headers.get("HX-Request") else "find.html", context)


def _hits(text: str, request: HttpRequest) -> list[Hit]:
    pages = [Hit(str(one["url"]), str(one["title"]), _("Page")) for one in places.shown(request, actor(request))]
    sight = visible(request)
    if not text:
        return pages + _running(sight)
    return [
        *(one for one in pages if holds(one.title, text)),
        *_incidents(text, sight),
        *_systems(text, sight),
        *_checks(text, sight),
        *_manual(text),
    ]


def _running(sight: Sight) -> list[Hit]:
    return [
        Hit(reverse("incident", args=[one.pk]), f"#{one.pk} {words(one.called)}", _("Incident"))
        for one in incidents.open_incidents(sight)[:EACH]
    ]


def _incidents(text: str, sight: Sight) -> list[Hit]:
    found = incidents.search(text=text.lstrip("#"), sight=sight)[:EACH]
    return [Hit(reverse("incident", args=[one.pk]), f"#{one.pk} {words(one.called)}", _("Incident")) for one in found]


def _systems(text: str, sight: Sight) -> list[Hit]:
    found = [
        one for one in catalogue.systems(sight) if holds(f"{one.name} {' '.join(map(str, one.title.values()))}", text)
    ]
    return [Hit(reverse("system", args=[one.name]), called(one), _("System")) for one in found[:EACH]]


def _checks(text: str, sight: Sight) -> list[Hit]:
    found = catalogue.named_like(catalogue.checks(sight=sight), text).order_by("system__tier", "name")[: 2 * EACH]
    return [
        Hit(reverse("check", args=[one.system.name, one.name]), called(one), f"{_('Check')} · {called(one.system)}")
        for one in found
    ]


def _manual(text: str) -> list[Hit]:
    """Sections of the manual."""
    return [
        Hit(one.section.url, one.section.title, f"{_('Help')} · {one.page}" if one.section.depth > 1 else _("Help"))
        for one in manual.search(text, get_language() or "en")[:EACH]
    ]
