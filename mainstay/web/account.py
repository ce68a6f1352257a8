"""One's own account: language, time zone, password, sessions."""

from datetime import UTC, datetime
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.domain.actor import Role
from mainstay.domain.saying import said
from mainstay.people import actions, passkeys, queries
from mainstay.people.models import Sitting
from mainstay.web import entering
from mainstay.web.access import me, own
from mainstay.web.context import role_name


@own()
def account(request: HttpRequest) -> HttpResponse:
    """All of it at a glance."""
    person, now = me(request), datetime.now(UTC)
    roles = queries.roles_of(person)
    context = {
        "languages": settings.LANGUAGES,
        "zones": sorted(available_timezones()),
        "on_systems": [(name, role_name(role)) for name, role in sorted(roles.items()) if role > Role.NONE],
        "contacts": queries.contacts(person),
        "totp": queries.has_totp(person),
        "passkeys": queries.passkeys(person),
        "passkeys_possible": passkeys.possible(),
        "codes_left": queries.recovery_codes_left(person),
        "protected": queries.has_second_factor(person),
        "sittings": queries.sittings(person, now),
        "here": request.session.session_key,
    }
    return render(request, "account.html", context)


@own()
@require_POST
def set_ways(request: HttpRequest) -> HttpResponse:
    """Language and time zone."""
    language = request.POST.get("language", "")
    try:
        actions.set_own_ways(me(request), language=language, timezone=request.POST.get("timezone", ""))
    except actions.Refused as error:
        messages.error(request, said(error, _))
        return redirect("account")
    messages.success(request, _("Saved."))
    answer = redirect("account")
    if language:
        entering.speak(answer, language)
    return answer


@own()
def change_password(request: HttpRequest) -> HttpResponse:
    """One's own; the old one is asked for, and every other session ends."""
    person = me(request)
    form = PasswordChangeForm(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_own_password(person, form.cleaned_data["new_password1"])
        except actions.Refused as error:
            form.add_error("new_password1", said(error, _))
        else:
            key = request.session.session_key or ""
            actions.end_others(person, key)
            update_session_auth_hash(request, person)
            actions.move_sitting(key, request.session.session_key or "")
            messages.success(request, _("Your password is changed."))
            return redirect("account")
    return render(request, "password.html", {"form": form})


@own(door=True)
def prove(request: HttpRequest) -> HttpResponse:
    """The password once more, before what lets one in is changed. Wrong ones count as at the door."""
    there = request.POST.get("next") or request.GET.get("next") or reverse("account")
    if not url_has_allowed_host_and_scheme(there, {request.get_host()}, require_https=request.is_secure()):
        there = reverse("account")
    wrong = False
    if request.method == "POST":
        name, password = me(request).username, request.POST.get("password", "")
        if authenticate(request, username=name, password=password) is not None:
            entering.vouch(request)
            return redirect(there)
        wrong = True
    return render(request, "account_prove.html", {"next": there, "wrong": wrong})


@own()
@require_POST
def end_session(request: HttpRequest, number: int) -> HttpResponse:
    """One of one's own."""
    try:
        actions.end_own(me(request), number)
    except Sitting.DoesNotExist:
        return render(request, "not_found.html", status=404)
    messages.success(request, _("The session is ended."))
    return redirect("account")


@own()
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """All but this one."""
    actions.end_others(me(request), request.session.session_key or "")
    messages.success(request, _("All other sessions are ended."))
    return redirect("account")
