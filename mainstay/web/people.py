"""People and their roles, for administrators."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import Role
from mainstay.domain.saying import said
from mainstay.notices import letters
from mainstay.people import actions, queries
from mainstay.people.actions import Refused
from mainstay.people.models import Person
from mainstay.web import lists
from mainstay.web.access import actor, page
from mainstay.web.context import role_name

GENERAL = "general"


def choices() -> list[tuple[str, str]]:
    """Every role by its name and its word."""
    return [(role.name.lower(), role_name(role)) for role in Role]


@page("person.add")
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, and who may be invited."""
    role = lists.chosen(request, "role", [name for name, _word in choices()])
    wanted: dict[str, Any] = {
        "text": lists.words(request), "state": lists.chosen(request, "state", queries.PERSON_STATES),
        "sort": lists.chosen(request, "sort", queries.PERSON_SORTS, "name"),
    }  # fmt: skip
    shown = lists.shown(request, queries.people(**wanted, role=Role[role.upper()] if role else None))
    rows = [
        {
            "person": row, "role": role_name(row.role), "protected": queries.has_second_factor(row),
            "systems": [(name, role_name(role)) for name, role in queries.roles_of(row).items()],
        }
        for row in shown["page"]
    ]  # fmt: skip
    context = {
        **shown, **wanted, "rows": rows, "role": role, "roles": choices(), "states": tuple(queries.PERSON_STATES),
        "sorts": tuple(queries.PERSON_SORTS),
    }  # fmt: skip
    return render(request, "people.html", context)


@page("person.add")
@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """By a link that sets the password, mailed or shown this once."""
    asked = request.POST
    try:
        person, text = actions.invite(
            username=asked.get("username", "").strip(), email=asked.get("email", "").strip(),
            role=_role(asked.get("role", "")), actor=actor(request),
        )  # fmt: skip
    except Refused as error:
        messages.error(request, said(error, _))
        return redirect("people")
    return _posted(request, person, text, "invitation")


def _posted(request: HttpRequest, person: Person, text: str, purpose: str) -> HttpResponse:
    posted = letters.post(person, text, purpose)
    if posted.sent:
        messages.success(request, _("A link is on its way to %(address)s.") % {"address": person.email})
        return redirect("person", person.username)
    answer = render(request, "people_link.html", {"person": person, "posted": posted, "days": actions.LINK_DAYS})
    answer["Cache-Control"] = "no-store"
    return answer


@page("person.change")
def person(request: HttpRequest, username: str) -> HttpResponse:
    """One, with his role on every system."""
    found = get_object_or_404(queries.people(), username=username)
    roles = {name: role.name.lower() for name, role in queries.roles_of(found).items()}
    context = {
        "person": found,
        "roles": choices(),
        "role": Role(found.role).name.lower(),
        "systems": [(one, roles.get(one.name, GENERAL)) for one in catalogue.systems()],
        "protected": queries.has_second_factor(found),
        "totp": queries.has_totp(found),
        "passkeys": len(found.passkeys.all()),
        "sittings": queries.sittings(found, datetime.now(UTC)),
    }
    return render(request, "person.html", context)


def _role(name: str) -> Role:
    """Raises Refused."""
    if name.upper() not in Role.__members__:
        raise Refused(_("There is no such role."))
    return Role[name.upper()]


@page("person.change")
@require_POST
def change(request: HttpRequest, username: str) -> HttpResponse:
    """Role, roles on systems, access. Only what differs is changed, so that the audit trail says what did."""
    found = get_object_or_404(queries.people(), username=username)
    try:
        changed = _differences(request, found)
        if changed:
            actions.change_person(username, **changed, actor=actor(request))
    except Refused as error:
        messages.error(request, said(error, _))
    else:
        messages.success(request, _("Saved."))
    return redirect("person", username)


def _differences(request: HttpRequest, found: Person) -> dict[str, Any]:
    held = queries.roles_of(found)
    systems: dict[str, Role | None] = {}
    for one in catalogue.systems():
        if asked := request.POST.get(f"on {one.name}"):
            wanted = None if asked == GENERAL else _role(asked)
            if wanted != held.get(one.name):
                systems[one.name] = wanted
    role, active = _role(request.POST.get("role", "")), "active" in request.POST
    changed: dict[str, Any] = {"systems": systems} if systems else {}
    if role != found.role:
        changed["role"] = role
    if active != found.is_active:
        changed["active"] = active
    return changed


@page("person.change")
@require_POST
def password_link(request: HttpRequest, username: str) -> HttpResponse:
    """A link with which he sets a new password."""
    get_object_or_404(Person, username=username)
    try:
        found, text = actions.password_link(username, actor=actor(request))
    except Refused as error:
        messages.error(request, said(error, _))
        return redirect("person", username)
    return _posted(request, found, text, "password")


@page("factor.reset")
@require_POST
def reset_factors(request: HttpRequest, username: str) -> HttpResponse:
    """He lost his second factor."""
    get_object_or_404(Person, username=username)
    actions.reset_factors(username, actor=actor(request))
    messages.success(request, _("The second factor is reset; the password alone opens until a new one is set up."))
    return redirect("person", username)


@page("session.end")
@require_POST
def end_sessions(request: HttpRequest, username: str) -> HttpResponse:
    """Sign him out everywhere."""
    get_object_or_404(Person, username=username)
    actions.end_sessions(username, actor=actor(request))
    messages.success(request, _("All sessions are ended."))
    return redirect("person", username)
