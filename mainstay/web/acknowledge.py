"""The link in a call: a page with a button. Opening it does nothing: mail programs look at links before people do."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mainstay.domain.actor import Denied
from mainstay.domain.saying import said
from mainstay.on_call import actions
from mainstay.on_call.links import call_of
from mainstay.on_call.models import Call


@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, text: str) -> HttpResponse:
    """For the one person who was called; whoever has the link acts as he."""
    now = datetime.now(UTC)
    found = call_of(text, now)
    if found is None:
        return render(request, "acknowledge_over.html", status=410)
    context: dict[str, Any] = {"call": found, "incident": found.incident, "wrong": ""}
    status = 200
    if request.method == "POST":
        try:
            context["incident"] = actions.acknowledge_by_link(text, now)
            context["done"] = True
        except Call.DoesNotExist:
            return render(request, "acknowledge_over.html", status=410)
        except Denied as error:
            context["wrong"], status = said(error, _), 403
        except ValueError as error:
            context["wrong"] = said(error, _)
            context["incident"].refresh_from_db()
    answer = render(request, "acknowledge.html", context, status=status)
    answer["Cache-Control"], answer["Referrer-Policy"] = "no-store", "no-referrer"
    return answer
