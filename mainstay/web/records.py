"""What was told and what was done: notices and the audit trail."""

from django.http import HttpRequest, HttpResponse

from mainstay.audit import queries as audit
from mainstay.catalogue import queries as catalogue
from mainstay.notices import queries as notices
from mainstay.web import lists
from mainstay.web.access import page, visible
from mainstay.web.live import live

OUTCOMES = ("waiting", "sent", "failed")


@page("notice.read")
def deliveries(request: HttpRequest) -> HttpResponse:
    """Every delivery with its outcome."""
    sight = visible(request)
    outcome, channel = lists.chosen(request, "outcome", OUTCOMES), request.GET.get("channel", "")
    context = {
        **lists.shown(request, notices.deliveries(outcome=outcome, channel=channel, sight=sight)),
        "outcome": outcome, "outcomes": OUTCOMES, "channel": channel, "channels": catalogue.channels(sight),
    }  # fmt: skip
    return live(request, "notices", context)


@page("audit.read")
def records(request: HttpRequest) -> HttpResponse:
    """The audit trail; ``verify`` walks all of it."""
    text = lists.words(request)
    verdict = audit.verify() if "verify" in request.GET else None
    return live(request, "audit", {**lists.shown(request, audit.records(text=text)), "text": text, "verdict": verdict})
