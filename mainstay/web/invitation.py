"""A link that lets somebody set a password: opened, and used once.

Opening it does not spend it, for mail programs look at links before people do; it only takes the text out of the
address, where it would stay in histories.
"""

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mainstay.domain.saying import said
from mainstay.people import actions
from mainstay.people.models import Link
from mainstay.people.queries import link_of


def opened(request: HttpRequest, text: str) -> HttpResponse:
    """The link itself."""
    link = link_of(text[:100], datetime.now(UTC))
    if link is None:
        return _over(request)
    request.session["link"] = link.pk
    return redirect("invitation")


def invitation(request: HttpRequest) -> HttpResponse:
    """The form behind it."""
    now = datetime.now(UTC)
    good = Link.objects.select_related("person").filter(
        pk=request.session.get("link", ""), used_at=None, expires_at__gt=now, person__is_active=True
    )
    link = good.first()
    if link is None:
        return _over(request)
    wrong = ""
    if request.method == "POST":
        password = request.POST.get("password", "")
        if password != request.POST.get("again", ""):
            wrong = _("The two passwords differ.")
        else:
            try:
                actions.accept(link.pk, password, now)
            except Link.DoesNotExist:
                return _over(request)
            except actions.Refused as error:
                wrong = said(error, _)
            else:
                del request.session["link"]
                messages.success(request, _("Your password is set. Sign in with it."))
                return redirect("sign-in")
    return render(request, "invitation.html", {"link": link, "wrong": wrong})


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "invitation_over.html", status=410)
