"""Settings, secrets: names, where they are used, new values in; a value never comes out."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from mainstay.catalogue import actions, queries
from mainstay.catalogue.models import Secret
from mainstay.domain.saying import said
from mainstay.sealing import SealBroken
from mainstay.web.access import actor, page, visible
from mainstay.web.attempt import attempt
from mainstay.web.settings_tabs import tabs


@page("secret.set")
def secrets(request: HttpRequest) -> HttpResponse:
    """Every name, and those that are asked for and have no value."""
    uses = queries.secret_uses(visible(request))
    rows = [{"secret": one, "uses": uses.get(one.name, [])} for one in queries.secrets()]
    missing = [{"name": name, "uses": uses.get(name, [])} for name in queries.names_without_value()]
    context = {"tabs": tabs(request, "secrets"), "rows": rows, "missing": missing}
    return render(request, "secrets.html", context)


@page("secret.set")
@require_POST
def set_value(request: HttpRequest) -> HttpResponse:
    """Keep a value; running checks take it over."""
    name = request.POST.get("name", "").strip()
    done = _("%(name)s is set; what uses it takes it over at once.") % {"name": name}
    attempt(request, lambda: actions.set_secret(name, request.POST.get("value", ""), actor=actor(request)), done)
    return redirect("secrets")


@page("secret.delete")
@require_POST
def delete(request: HttpRequest, name: str) -> HttpResponse:
    """Forget a value."""
    get_object_or_404(Secret, name=name)
    actions.delete_secret(name, actor=actor(request))
    messages.success(request, _("%(name)s is forgotten.") % {"name": name})
    return redirect("secrets")


@page("secret.rotate")
@require_POST
def rotate(request: HttpRequest) -> HttpResponse:
    """Seal every value with a new key, and drop the old keys."""
    try:
        count = actions.rotate_secrets(actor=actor(request))
    except SealBroken as error:
        messages.error(request, said(error, _))
    else:
        sealed = ngettext("%(n)d secret is sealed anew.", "%(n)d secrets are sealed anew.", count)
        messages.success(request, sealed % {"n": count})
    return redirect("secrets")
