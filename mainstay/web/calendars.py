"""Settings, calendars: holidays, and weekend days that are worked."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.catalogue import queries
from mainstay.catalogue.models import Calendar
from mainstay.catalogue.sources import Invalid
from mainstay.web import changing
from mainstay.web.access import actor, may, page, visible
from mainstay.web.settings_tabs import tabs


@page("catalogue.read")
def calendars(request: HttpRequest) -> HttpResponse:
    """Every calendar with its days and who follows it."""
    return _shown(request)


def _row(one: Calendar, users: list[str]) -> dict[str, Any]:
    days = {key: sorted(one.document.get(key, [])) for key in ("holidays", "workdays")}
    return {"name": one.name, **days, "users": users}


def _shown(request: HttpRequest, typed: dict[str, Any] | None = None) -> HttpResponse:
    """``typed``: what was filled in and not taken, in the form in which it was."""
    users, new = queries.users("calendar", visible(request)), "new" in request.POST
    rows = [_row(one, users.get(one.name, [])) for one in queries.calendars().order_by("name")]
    if typed and not new:
        rows = [{**row, **typed, "open": True} if row["name"] == typed["name"] else row for row in rows]
    context = {
        "tabs": tabs(request, "calendars"), "rows": rows, "typed": typed if new else None,
        "may_edit": may(request, "catalogue.apply", None),
    }  # fmt: skip
    return render(request, "calendars.html", context)


@page("catalogue.apply")
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Make or change one."""
    name = request.POST.get("name", "").strip()
    days = {key: request.POST.get(key, "").replace(",", " ").split() for key in ("holidays", "workdays")}
    if "new" in request.POST and Calendar.objects.filter(name=name, retired_at=None).exists():
        messages.error(request, _("A calendar of that name is there already."))
        return _shown(request, {"name": name, **days})
    try:
        changing.apply({"shared.yaml": {"calendars": {name: days}}}, actor(request))
    except Invalid as error:
        for line in changing.flaws(error):
            messages.error(request, line)
        return _shown(request, {"name": name, **days})
    messages.success(request, _("%(name)s is saved.") % {"name": name})
    return redirect("calendars")


@page("catalogue.apply")
@require_POST
def retire(request: HttpRequest, name: str) -> HttpResponse:
    """Nobody follows it any more."""
    get_object_or_404(Calendar, name=name, retired_at=None)
    changing.retire(request, "calendar", name)
    return redirect("calendars")
