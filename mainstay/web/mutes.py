"""Mutes: a check, a component or a whole system is judged on, but nobody is told for a while."""

from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Check, Component, System
from mainstay.domain.actor import authorise
from mainstay.monitoring import actions, queries
from mainstay.monitoring.models import Mute
from mainstay.web.access import actor, check_of, page, system_of
from mainstay.web.attempt import attempt

LONGEST = 720.0
"""Hours."""


@page("check.mute")
@require_POST
def mute_check(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """One check."""
    found = check_of(request, system, name)
    _mute(request, found.system, check=found)
    return redirect("check", system, name)


@page("check.mute")
@require_POST
def mute_system(request: HttpRequest, name: str) -> HttpResponse:
    """The whole of it, or the component that is named."""
    found, wanted = system_of(request, name), request.POST.get("component", "")
    _mute(request, found, component=get_object_or_404(catalogue.components(name), name=wanted) if wanted else None)
    return redirect("system", name)


def _mute(
    request: HttpRequest, system: System, *, component: Component | None = None, check: Check | None = None
) -> None:
    def work() -> None:
        hours = min(LONGEST, max(0.1, float(request.POST.get("hours", "1"))))
        actions.mute(
            system=system, component=component, check=check, reason=request.POST.get("reason", ""),
            until=datetime.now(UTC) + timedelta(hours=hours), actor=actor(request),
        )  # fmt: skip

    attempt(request, work, _("Muted. It is judged on, but nobody is told."))


@page("check.unmute")
@require_POST
def unmute_check(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """End the check's own mute; one of its component or system ends where all that it covers is seen."""
    found = check_of(request, system, name)
    authorise(actor(request), "check.unmute", system=system)  # also where there is nothing to end
    current = queries.muted(found, datetime.now(UTC))
    if current is not None and current.check_of_id is not None:
        _unmute(request, current.pk)
    return redirect("check", system, name)


@page("check.unmute")
@require_POST
def unmute_system(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """End a mute of the system or of a component of it."""
    system_of(request, name)
    _unmute(request, get_object_or_404(Mute, system__name=name, pk=number).pk)
    return redirect("system", name)


def _unmute(request: HttpRequest, number: int) -> None:
    actions.unmute(number, actor=actor(request))
    messages.success(request, _("The mute has ended."))
