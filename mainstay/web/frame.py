"""What the frame of every page asks for: the alarm, the language, light or dark."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST

from mainstay.web import entering
from mainstay.web.access import page
from mainstay.web.context import THEME, THEMES, silent


@page("incident.read")
def alarm(request: HttpRequest) -> HttpResponse:
    """In red when nobody watches; asked for again and again by an open page."""
    return render(request, "parts/alarm.html", {"silent": silent()})


def back(request: HttpRequest) -> HttpResponse:
    """To where the reader was, if that is one of our own pages."""
    there = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(there, {request.get_host()}, require_https=request.is_secure())
    return redirect(there if safe else "/")


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Another language from now on; one that is not there changes nothing."""
    language, answer = request.POST.get("language", ""), back(request)
    if check_for_language(language):
        entering.keep(answer, settings.LANGUAGE_COOKIE_NAME, language)
    return answer


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the device has it."""
    theme, answer = request.POST.get("theme", ""), back(request)
    entering.keep(answer, THEME, theme if theme in THEMES else "")
    return answer
