"""Where one is called: part of one's own account."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.people import actions
from mainstay.people.models import Contact
from mainstay.web.access import me, own
from mainstay.web.attempt import attempt


@own(fresh=True)
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """One more address."""
    kind = "email" if request.POST.get("kind") == "email" else "chat"
    address = request.POST.get("address", "")
    attempt(request, lambda: actions.add_contact(me(request), kind, address), _("You are called there, too."))
    return redirect("account")


@own()
@require_POST
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """One less."""
    try:
        attempt(request, lambda: actions.remove_contact(me(request), number), _("You are called there no more."))
    except Contact.DoesNotExist:
        return render(request, "not_found.html", status=404)
    return redirect("account")
