"""Settings, own copies: how Mainstay itself is backed up, and a copy now."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.own_copies import actions, queries
from mainstay.settings import CONFIGURATION
from mainstay.web.access import actor, page
from mainstay.web.attempt import attempt
from mainstay.web.settings_tabs import tabs


@page("self.backup")
def own_copies(request: HttpRequest) -> HttpResponse:
    """The newest, its size, where it lies, and when the next is made."""
    told = queries.overview(datetime.now(UTC))
    context = {"tabs": tabs(request, "owncopies"), "secret": CONFIGURATION.own_copies.passphrase, **told}
    return render(request, "owncopies.html", context)


@page("self.backup")
@require_POST
def copy_now(request: HttpRequest) -> HttpResponse:
    """Ask the engine for a copy."""
    attempt(
        request,
        lambda: actions.ask(actor=actor(request)),
        _("A copy is being made; this page shows it when it is there."),
    )
    return redirect("owncopies")
