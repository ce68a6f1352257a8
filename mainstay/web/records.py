"""What was told and what was done: notices and the audit trail."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mainstay.audit import queries as audit
from mainstay.notices import queries as notices
from mainstay.web.access import page

PER_PAGE = 50


@page("notice.read")
def deliveries(request: HttpRequest) -> HttpResponse:
    """Every delivery with its outcome."""
    outcome = request.GET.get("outcome", "")
    found = notices.deliveries(outcome=outcome if outcome in ("waiting", "sent", "failed") else "")
    shown = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "notices.html", {"page": shown, "outcome": outcome, "query": f"outcome={outcome}"})


@page("audit.read")
def records(request: HttpRequest) -> HttpResponse:
    """The audit trail; ``verify`` walks all of it."""
    text = request.GET.get("q", "").strip()[:100]
    shown = Paginator(audit.records(text=text), PER_PAGE).get_page(request.GET.get("page"))
    verdict = audit.verify() if "verify" in request.GET else None
    return render(request, "audit.html", {"page": shown, "text": text, "verdict": verdict, "query": f"q={text}"})
