"""Tokens for programs."""

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import PERMISSIONS, Role
from mainstay.domain.saying import said
from mainstay.people import actions, queries
from mainstay.people.actions import Refused
from mainstay.people.models import Token
from mainstay.web import lists
from mainstay.web.access import actor, page
from mainstay.web.context import role_name
from mainstay.web.people import choices


@page("token.create")
def tokens(request: HttpRequest) -> HttpResponse:
    """All of them, without their texts."""
    now = datetime.now(UTC)
    wanted = {
        "text": lists.words(request), "state": lists.chosen(request, "state", queries.TOKEN_STATES),
        "sort": lists.chosen(request, "sort", queries.TOKEN_SORTS, "newest"),
    }  # fmt: skip
    shown = lists.shown(request, queries.tokens(now, **wanted))
    rows = [
        {
            "token": row, "role": role_name(row.role),
            "systems": [(name, role_name(role)) for name, role in queries.roles_of(row).items()],
        }
        for row in shown["page"]
    ]  # fmt: skip
    scopes = sorted({act.partition(".")[0] for act in PERMISSIONS} | set(PERMISSIONS))
    context = {
        **shown, **wanted, "states": queries.TOKEN_STATES, "sorts": tuple(queries.TOKEN_SORTS), "rows": rows,
        "roles": choices(), "scopes": scopes, "systems": catalogue.systems(),
        "moment": now, "longest": actions.LONGEST_DAYS,
    }  # fmt: skip
    return render(request, "tokens.html", context)


@page("token.create")
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """A new one; its text is on this answer and nowhere else."""
    try:
        token, text = _create(request)
    except (Refused, ValueError) as error:
        messages.error(request, said(error, _))
        return redirect("tokens")
    answer = render(request, "tokens_new.html", {"token": token, "text": text})
    answer["Cache-Control"] = "no-store"
    return answer


def _create(request: HttpRequest) -> tuple[Token, str]:
    asked, days = request.POST, request.POST.get("days", "90")
    name, role = asked.get("name", "").strip()[:100], asked.get("role", "viewer").upper()
    if not name or role not in Role.__members__ or not (days.isascii() and days.isdecimal()):
        raise Refused(_("Give a name, a role and a number of days."))
    only = asked.get("system", "")
    if only and not catalogue.systems().filter(name=only).exists():
        raise Refused(_("There is no such system."))
    general, systems = (Role.NONE, {only: Role[role]}) if only else (Role[role], {})
    return actions.create_token(
        name=name, role=general, systems=systems, scopes=asked.getlist("scope") or None, days=int(days[:6]),
        actor=actor(request),
    )  # fmt: skip


@page("token.revoke")
@require_POST
def revoke(request: HttpRequest, number: str) -> HttpResponse:
    """No longer valid from now on."""
    get_object_or_404(Token, pk=number)
    actions.revoke_token(number, actor=actor(request))
    messages.success(request, _("The token is revoked."))
    return redirect("tokens")
