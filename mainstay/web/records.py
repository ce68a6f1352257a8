"""What was told and what was done: notices and the audit trail."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.api.audit import whole
from mainstay.audit import queries as audit
from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import PERMISSIONS
from mainstay.notices import actions
from mainstay.notices import queries as notices
from mainstay.notices.models import Delivery
from mainstay.web import lists
from mainstay.web.access import actor, may, page, visible
from mainstay.web.attempt import attempt
from mainstay.web.frame import back
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
    shown = lists.shown(request, notices.deliveries(**wanted, sight=sight))
    for row in shown["page"].object_list:
        row.may_retry = may(request, "notice.retry", _system_of(row))
    context = {
        **shown, **wanted, "outcomes": OUTCOMES, "channels": catalogue.channels(sight), "sorts": tuple(notices.SORTS),
    }  # fmt: skip
    return live(request, "notices", context)


def _system_of(row: Delivery) -> str | None:
    incident = row.notice.incident
    return incident.system.name if incident and incident.system else None


@page("notice.retry")
@require_POST
def retry(request: HttpRequest, number: int) -> HttpResponse:
    """Send one again, from the list or from its incident."""
    try:
        attempt(request, lambda: actions.retry(number, actor=actor(request)), _("It is sent again."))
    except Delivery.DoesNotExist:
        raise Http404 from None
    return back(request)


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
        "may_export": may(request, "audit.export", None),
    }  # fmt: skip
    return live(request, "audit", context)


@page("audit.export")
def trail(_request: HttpRequest) -> StreamingHttpResponse:
    """All of it as a file."""
    return whole()
