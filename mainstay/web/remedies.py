"""Remedies: all that are written down, and one with what it would do, who allowed it and how it went."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.domain.run_plan import every
from mainstay.remedies import actions, queries
from mainstay.web.access import actor, may, or_404, page, visible
from mainstay.web.attempt import attempt

RECENT = 20
TERMS = (7, 30, 90, 180, 365)
"""Days for which a remedy may be allowed."""


@page("remedy.read")
def remedies(request: HttpRequest) -> HttpResponse:
    """All of them, and the newest attempts."""
    context = {
        "remedies": queries.remedies(datetime.now(UTC), visible(request)),
        "attempts": queries.attempts(sight=visible(request))[:RECENT],
    }
    return render(request, "remedies.html", context)


@page("remedy.read")
def remedy(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """One: an allowance is about all that stands here."""
    found = _found(request, system, name)
    context = {
        "one": found, "nodes": list(every(found.nodes)), "terms": TERMS,
        "allowances": queries.past_allowances(system, name)[:RECENT],
        "attempts": queries.attempts(system=system, remedy=name, sight=visible(request))[:RECENT],
        "may_allow": may(request, "remedy.allow", system), "may_revoke": may(request, "remedy.revoke", system),
    }  # fmt: skip
    return render(request, "remedy.html", context)


@page("remedy.allow")
@require_POST
def allow(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """By the sign of what the page showed."""
    form, who = request.POST, actor(request)
    days = form.get("days", "")

    def work() -> None:
        actions.allow(
            system, name, days=int(days) if days.isdecimal() else 0, reason=form.get("reason", ""),
            sign=form.get("sign", "")[:64], actor=who,
        )  # fmt: skip

    return _act(request, system, name, work, _("It is allowed."))


@page("remedy.revoke")
@require_POST
def revoke(request: HttpRequest, system: str, name: str) -> HttpResponse:
    """No further run begins."""
    reason, who = request.POST.get("reason", ""), actor(request)
    work = lambda: actions.revoke(system, name, reason=reason, actor=who)  # noqa: E731 - named for the next line
    return _act(request, system, name, work, _("It is not allowed any more."))


def _act(request: HttpRequest, system: str, name: str, work: Callable[[], Any], done: str) -> HttpResponse:
    _found(request, system, name)
    attempt(request, work, done)
    return redirect("remedy", system, name)


def _found(request: HttpRequest, system: str, name: str) -> queries.Standing:
    return or_404(lambda: queries.remedy(system, name, datetime.now(UTC), visible(request)))
