"""What was told and what was done: notices and the audit trail."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from mainstay.audit import queries as audit
from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import PERMISSIONS
from mainstay.notices import queries as notices
from mainstay.web import lists
from mainstay.web.access import page, visible
from mainstay.web.live import live

KINDS = tuple(sorted({act.partition(".")[0] for act in PERMISSIONS} | {"account"}))
"""The first words of all acts; what people do with their own accounts asks for no permission."""
OUTCOMES = ("waiting", "sent", "failed")


@page("notice.read")
def deliveries(request: HttpRequest) -> HttpResponse:
    """Every delivery with its outcome."""
    sight = visible(request)
    wanted: dict[str, Any] = {
        "outcome": lists.chosen(request, "outcome", OUTCOMES), "channel": request.GET.get("channel", ""),
        "text": lists.words(request), "sort": lists.chosen(request, "sort", notices.SORTS, "newest"),
    }  # fmt: skip
    context = {
        **lists.shown(request, notices.deliveries(**wanted, sight=sight)), **wanted,
        "outcomes": OUTCOMES, "channels": catalogue.channels(sight), "sorts": tuple(notices.SORTS),
    }  # fmt: skip
    return live(request, "notices", context)


@page("audit.read")
def records(request: HttpRequest) -> HttpResponse:
    """The audit trail; ``verify`` walks all of it, once: a refresh shows no verdict."""
    wanted = {
        "text": lists.words(request), "act": lists.chosen(request, "act", KINDS),
        "actor": lists.words(request, "actor"), "sort": lists.chosen(request, "sort", audit.SORTS, "newest"),
    }  # fmt: skip
    context = {
        **lists.shown(request, audit.records(**wanted)), **wanted, "kinds": KINDS, "sorts": tuple(audit.SORTS),
        "verdict": audit.verify() if "verify" in request.GET and "HX-Request" not in request.headers else None,
    }  # fmt: skip
    return live(request, "audit", context)
