"""Restores for real: what a copy holds and what would be lost, asking for one, approving it, and its story."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.backups import actions, queries
from mainstay.backups.models import Restore
from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import person_name
from mainstay.domain.restoring import OPEN, PLACES, Refused, State
from mainstay.domain.saying import said, say
from mainstay.engine import restoring
from mainstay.engine.copy_contents import contents
from mainstay.engine.jobs.landing import ROOTS, of_a_server
from mainstay.engine.restore_preview import preview
from mainstay.web import lists
from mainstay.web.access import actor, may, or_404, page, visible
from mainstay.web.attempt import attempt
from mainstay.web.live import live

STATES = tuple(state.value for state in State)
COPIES = 100
"""Of a policy, in the list to choose from: the newest."""


@page("backup.read")
def restores(request: HttpRequest) -> HttpResponse:
    """All restores, searched, filtered, sorted and paged by the address."""
    state, text = lists.chosen(request, "state", STATES), lists.words(request)
    sort = lists.chosen(request, "sort", queries.RESTORE_SORTS, "newest")
    found = queries.restores(None, state, visible(request), text=text, sort=sort)
    context = {
        "state": state, "states": STATES, "text": text, "sort": sort, "sorts": tuple(queries.RESTORE_SORTS),
        "may_ask": bool(_policies(request)),
    }  # fmt: skip
    return render(request, "restores.html", {**context, **lists.shown(request, found)})


@page("backup.read")
def restore(request: HttpRequest, number: int) -> HttpResponse:
    """One restore; while it is under way its story refreshes by itself."""
    row = _restore(request, number)
    system, mine = row.policy.system.name, person_name(row.asked_by) == person_name(actor(request).name)
    waits = row.state == State.ASKED
    context = {
        "restore": row, "wanted": row.wanted, "waits": waits, "mine": mine,
        "open": row.state in OPEN,
        "may_approve": waits and not mine and may(request, "backup.approve", system),
        "may_abort": row.state in OPEN and row.begun_at is None and may(request, "backup.abort", system),
    }  # fmt: skip
    return live(request, "restore", context)


@page("backup.restore")
def new(request: HttpRequest) -> HttpResponse:
    """Choose a policy and a copy; then see what it holds and what would be lost, and say where to."""
    return _wizard(request, request.GET)


@page("backup.restore")
def files(request: HttpRequest, number: int) -> HttpResponse:
    """What lies in a directory of a copy."""
    copy = or_404(lambda: queries.copy(number, visible(request)))
    below, context = request.GET.get("below", "/")[:1000], {"copy": copy}
    try:
        return render(request, "copyfiles.html", {**context, "found": contents(copy, below, actor=actor(request))})
    except Refused as error:
        return render(request, "copyfiles.html", {**context, "why": said(error, _)})


@page("backup.restore")
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """What is refused is said above the form, which stays as it was filled in."""
    form = request.POST
    number = form.get("copy", "")
    made: list[Restore] = []

    only = [line.strip() for line in form.get("only", "").splitlines() if line.strip()]

    def work() -> None:
        made.append(
            restoring.ask(
                form.get("policy", "")[:130], int(number) if number.isdecimal() else None, form.get("to", ""),
                form.get("target", "")[:1000], only=only,
                moment=_moment(form.get("moment", "")), reason=form.get("reason", ""), actor=actor(request),
            )
        )  # fmt: skip

    try:
        asked = attempt(request, work, _("It is asked for."))
    except ObjectDoesNotExist:
        raise Http404 from None
    return redirect("backuprestore", made[0].pk) if asked else _wizard(request, form)


@page("backup.approve")
@require_POST
def approve(request: HttpRequest, number: int) -> HttpResponse:
    """By the seal of what the page showed."""
    _restore(request, number)
    seal, who = request.POST.get("seal", ""), actor(request)
    attempt(request, lambda: actions.approve(number, seal, datetime.now(UTC), actor=who), _("It is approved."))
    return redirect("backuprestore", number)


@page("backup.abort")
@require_POST
def abort(request: HttpRequest, number: int) -> HttpResponse:
    """Until the place itself is being changed."""
    _restore(request, number)
    reason, who = request.POST.get("reason", ""), actor(request)
    attempt(request, lambda: actions.abort(number, reason, datetime.now(UTC), actor=who), _("It is aborted."))
    return redirect("backuprestore", number)


def _wizard(request: HttpRequest, given: Mapping[str, Any]) -> HttpResponse:
    policies = _policies(request)
    chosen = str(given.get("policy", ""))[:130]
    policy = next((one for one in policies if str(one) == chosen), None)
    copies = list(queries.copies(policy, sight=visible(request))[:COPIES]) if policy else []
    number = str(given.get("copy", ""))
    copy = next((one for one in copies if str(one.pk) == number), None)
    context = {
        "policies": policies, "policy": policy, "copies": copies, "copy": copy, "given": given,
        "landings": PLACES, "roots": ROOTS, "preview": None, "any_second": bool(copy and restoring.from_when(copy)),
    }  # fmt: skip
    if copy is not None:
        found = preview(copy, actor=actor(request))
        context |= {"preview": found, "landings": found.places, "unheard": said(found.silent, _)}
        context |= {"of_a_server": of_a_server(copy)}
    return render(request, "restorenew.html", context)


def _policies(request: HttpRequest) -> list[Any]:
    """Of which the person may restore."""
    every = catalogue.policies(sight=visible(request))
    return [one for one in every if may(request, "backup.restore", one.system.name)]


def _restore(request: HttpRequest, number: int) -> Restore:
    return or_404(lambda: queries.restore(number, visible(request)))


def _moment(text: str) -> datetime | None:
    """As the reader's clock shows it. Raises Refused."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(say("%(text)s is no moment", text=text[:40])) from None
    return found if found.tzinfo else timezone.make_aware(found)
