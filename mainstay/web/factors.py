"""One's own second factor: an authenticator, recovery codes, passkeys."""

from datetime import UTC, datetime

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.domain.one_time_code import address
from mainstay.domain.saying import said
from mainstay.people import actions, passkeys, queries
from mainstay.people.actions import Refused
from mainstay.people.models import Passkey
from mainstay.web import entering
from mainstay.web.access import me, own
from mainstay.web.sign_in import posted


@own(fresh=True, door=True)
def factor(request: HttpRequest) -> HttpResponse:
    """Set up an authenticator: begin, scan, give a code of it."""
    person = me(request)
    if request.method == "POST":
        try:
            codes = actions.confirm_totp(person, request.POST.get("code", "")[:100], datetime.now(UTC))
        except Refused:
            messages.error(request, _("The code is not right. Does the phone's clock go right?"))
            return redirect("account-factor")
        _proved(request, "code")
        return render(request, "account_codes.html", {"codes": codes})
    try:
        secret = actions.totp_secret(person)
    except Refused:
        secret = None  # the key is lost; another secret may be begun
    context = {
        "has": queries.has_totp(person),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)) if secret else "",
        "picture": _qr(address(secret, person.username, "Mainstay")) if secret else "",
        "must": queries.must_prove(person, ""),
        "passkeys_possible": passkeys.possible(),
    }
    return render(request, "account_factor.html", context)


def _qr(text: str) -> str:
    return segno.make(text, error="m", micro=False).svg_data_uri(scale=5, border=3, light="white")


def _proved(request: HttpRequest, proof: str) -> None:
    """A factor that was just set up was just shown, too."""
    request.session["proof"] = proof
    entering.vouch(request)


@own(fresh=True, door=True)
@require_POST
def begin_factor(request: HttpRequest) -> HttpResponse:
    try:
        actions.begin_totp(me(request))
    except Refused as error:
        messages.error(request, said(error, _))
    return redirect("account-factor")


@own(fresh=True)
@require_POST
def remove_factor(request: HttpRequest) -> HttpResponse:
    """The authenticator."""
    try:
        actions.remove_totp(me(request), required=queries.must_prove(me(request), ""))
    except Refused:
        messages.error(request, _("Your role needs a second factor. Set up another one first."))
    else:
        messages.success(request, _("The authenticator is removed."))
    return redirect("account")


@own(fresh=True)
@require_POST
def new_codes(request: HttpRequest) -> HttpResponse:
    """Recovery codes; those of before are void."""
    try:
        codes = actions.new_recovery_codes(me(request))
    except Refused as error:
        messages.error(request, said(error, _))
        return redirect("account")
    return render(request, "account_codes.html", {"codes": codes})


@own(fresh=True, door=True)
def new_passkey(request: HttpRequest) -> HttpResponse:
    """The page on which one is made."""
    return render(request, "account_passkey.html", {"possible": passkeys.possible()})


@own(fresh=True, door=True)
@require_POST
def new_passkey_options(request: HttpRequest) -> JsonResponse:
    """What the browser shall make."""
    try:
        known = [actions.passkey_credential(row) for row in queries.passkeys(me(request)).select_related("person")]
    except Refused as error:
        return JsonResponse({"error": said(error, _)}, status=400)
    question = passkeys.ask_new(me(request), known)
    request.session["passkey"] = question.state
    return JsonResponse(question.options)


@own(fresh=True, door=True)
@require_POST
def add_passkey(request: HttpRequest) -> HttpResponse:
    """What the browser made."""
    person, state = me(request), request.session.pop("passkey", None)
    try:
        answer = posted(request)
        if state is None:
            raise Refused(_("Try again from the beginning."))
        made = passkeys.made(state, answer)
        actions.add_passkey(
            person, str(answer.get("name", "")), made.credential, credential_id=made.credential_id, count=made.signs,
            now=datetime.now(UTC),
        )  # fmt: skip
    except Refused as error:
        return JsonResponse({"error": said(error, _)}, status=400)
    _proved(request, "passkey")
    messages.success(request, _("The passkey is added."))
    return JsonResponse({"next": reverse("account")})


@own(fresh=True)
@require_POST
def remove_passkey(request: HttpRequest, number: int) -> HttpResponse:
    try:
        actions.remove_passkey(me(request), number, required=queries.must_prove(me(request), ""))
    except Passkey.DoesNotExist:
        return render(request, "not_found.html", status=404)
    except Refused:
        messages.error(request, _("Your role needs a second factor. Set up another one first."))
    else:
        messages.success(request, _("The passkey is removed."))
    return redirect("account")
