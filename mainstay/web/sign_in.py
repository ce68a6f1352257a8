"""Signing in, in one step or two, by passkey, and out."""

import json
from datetime import UTC, datetime
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.domain.saying import said
from mainstay.people import actions, passkeys
from mainstay.people.actions import Refused
from mainstay.people.models import Person
from mainstay.people.queries import has_second_factor, passkey
from mainstay.web import entering

LONGEST_ANSWER = 20_000
"""Bytes a passkey may answer."""


class Door(LoginView):
    """The password; it opens alone only where there is no second factor."""

    template_name = "sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        person, there = form.get_user(), self.get_success_url()
        assert isinstance(person, Person)  # noqa: S101 - there are no other users
        if has_second_factor(person):
            entering.hold(self.request, person, there)
            return redirect("sign-in-second")
        return _entered(self.request, person, "password", there)

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        return super().get_context_data(**more) | {"passkeys": passkeys.possible()}


sign_in = Door.as_view()
sign_out = LogoutView.as_view()


def _entered(request: HttpRequest, person: Person, proof: str, there: str) -> HttpResponse:
    entering.enter(request, person, proof)
    answer = redirect(there)
    if person.language:
        entering.speak(answer, person.language)
    return answer


def locked_out(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """Too many wrong passwords or codes from one place for one name."""
    return render(request, "locked_out.html", status=429)


def second(request: HttpRequest) -> HttpResponse:
    """The code of an authenticator, or a recovery code, after the password. Wrong ones count as wrong passwords do."""
    held = entering.waiting(request)
    if held is None:
        return redirect("sign-in")
    person, there = held
    wrong = ""
    if request.method == "POST":
        who = {"username": person.username}
        if not AxesProxyHandler.is_allowed(request, who):
            return locked_out(request)
        try:
            proof = actions.prove(person, request.POST.get("code", "")[:100], datetime.now(UTC))
        except Refused as error:
            proof, wrong = None, said(error, _)
        if proof:
            return _entered(request, person, proof, there)
        AxesProxyHandler.user_login_failed(sender=second, credentials=who, request=request)
        wrong = wrong or _("The code is not right, or was used already.")
    return render(request, "sign_in_second.html", {"wrong": wrong, "passkeys": passkeys.possible(), "next": there})


@require_POST
def passkey_options(request: HttpRequest) -> JsonResponse:
    """What the browser shall sign."""
    question = passkeys.ask_known()
    request.session["passkey"] = question.state
    return JsonResponse(question.options)


@require_POST
def passkey_finish(request: HttpRequest) -> JsonResponse:
    """What the browser signed: it opens the door by itself."""
    try:
        person = _verified(request)
    except Refused as error:
        return JsonResponse({"error": said(error, _)}, status=400)
    answer = _entered(request, person, "passkey", "today")
    there = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(there, {request.get_host()}, require_https=request.is_secure())
    told = JsonResponse({"next": there if safe else reverse("today")})
    told.cookies.update(answer.cookies)
    return told


def _verified(request: HttpRequest) -> Person:
    state, answer = request.session.pop("passkey", None), posted(request)
    row = passkey(actions.passkey_handle(passkeys.credential_id(answer)))
    if state is None or row is None or not row.person.is_active:
        raise Refused(_("This passkey is not known here."))
    count = passkeys.verify(state, answer, actions.passkey_credential(row))
    actions.passkey_used(row, count, datetime.now(UTC))
    return row.person


def posted(request: HttpRequest) -> dict[str, Any]:
    """A passkey's answer. Raises Refused for what is none."""
    try:
        if int(request.headers.get("Content-Length") or 0) > LONGEST_ANSWER:
            raise ValueError
        answer = json.loads(request.body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise Refused(_("This is no passkey's answer."))
    return answer
