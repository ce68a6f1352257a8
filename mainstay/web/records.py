"""What was told and what was done: notices and the audit trail."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.api.audit import whole
from mainstay.audit import queries as audit
from mainstay.catalogue import queries as catalogue
from mainstay.notices import actions
from mainstay.notices import queries as notices
from mainstay.notices.models import Delivery
from mainstay.web import lists
from mainstay.web.access import actor, may, page, visible
from mainstay.web.frame import back
from mainstay.web.live import live

OUTCOMES = ("waiting", "sent", "failed")


@page("notice.read")
def deliveries(request: HttpRequest) -> HttpResponse:
    """Every delivery with its outcome."""
    sight = visible(request)
    outcome, channel = lists.chosen(request, "outcome", OUTCOMES), request.GET.get("channel", "")
    shown = lists.shown(request, notices.deliveries(outcome=outcome, channel=channel, sight=sight))
    for row in shown["page"].object_list:
        row.may_retry = may(request, "notice.retry", _system_of(row))
    context = {
        **shown,
        "outcome": outcome, "outcomes": OUTCOMES, "channel": channel, "channels": catalogue.channels(sight),
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
        actions.retry(number, actor=actor(request))
    except Delivery.DoesNotExist:
        raise Http404 from None
    except ValueError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It is sent again."))
    return back(request)


@page("audit.read")
def records(request: HttpRequest) -> HttpResponse:
    """The audit trail; ``verify`` walks all of it."""
    text = lists.words(request)
    verdict = audit.verify() if "verify" in request.GET else None
    context = {"text": text, "verdict": verdict, "may_export": may(request, "audit.export", None)}
    return live(request, "audit", {**lists.shown(request, audit.records(text=text)), **context})


@page("audit.export")
def trail(_request: HttpRequest) -> StreamingHttpResponse:
    """All of it as a file."""
    return whole()
