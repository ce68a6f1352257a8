"""What the frame of every page asks for: the alarm, the language, light or dark."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST

from mainstay.web.access import page
from mainstay.web.context import THEME, THEMES, silent

YEAR = 365 * 86400


@page("incident.read")
def alarm(request: HttpRequest) -> HttpResponse:
    """In red when nobody watches; asked for again and again by an open page."""
    return render(request, "parts/alarm.html", {"silent": silent()})


def _back(request: HttpRequest) -> HttpResponse:
    """To where the reader was, if that is one of our own pages."""
    there = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(there, {request.get_host()}, require_https=request.is_secure())
    return redirect(there if safe else "/")


def _keep(answer: HttpResponse, cookie: str, value: str) -> HttpResponse:
    """For this browser, signed in or not."""
    answer.set_cookie(cookie, value, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return answer


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Another language from now on; one that is not there changes nothing."""
    language, answer = request.POST.get("language", ""), _back(request)
    return _keep(answer, settings.LANGUAGE_COOKIE_NAME, language) if check_for_language(language) else answer


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the device has it."""
    theme = request.POST.get("theme", "")
    return _keep(_back(request), THEME, theme if theme in THEMES else "")
