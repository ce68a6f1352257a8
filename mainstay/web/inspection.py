"""Inspections: the list, one sheet with its acts and files, a month with its trends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mainstay.api.inspection_rows import month_row, sheet_rows
from mainstay.catalogue import queries as catalogue
from mainstay.domain.saying import said
from mainstay.domain.trend import Month, Trend
from mainstay.inspection import actions, paper, queries
from mainstay.inspection.documents import document
from mainstay.inspection.models import Sheet
from mainstay.monitoring.wording import DJANGO_LANGUAGE, language_of
from mainstay.web import lists
from mainstay.web.access import actor, may, page, system_of, visible
from mainstay.web.attempt import attempt

STATES = ("ok", "warning", "critical", "unknown")
STAGES = (*queries.STAGES, "late")
WIDTH, HEIGHT = 160, 28


@page("inspection.read")
def inspections(request: HttpRequest) -> HttpResponse:
    """Filtered and paged by its address."""
    asked, sight = request.GET, visible(request)
    wanted: dict[str, Any] = {
        "system": asked.get("system", "")[:63],
        "stage": lists.chosen(request, "stage", STAGES),
        "state": lists.chosen(request, "state", STATES),
        "start": _day(asked.get("start", "")),
        "end": _day(asked.get("end", "")),
        "text": lists.words(request),
        "sort": lists.chosen(request, "sort", queries.SORTS, "newest"),
    }
    context = {
        **lists.shown(request, queries.search(**wanted, sight=sight)),
        "wanted": wanted, "systems": catalogue.systems(sight), "weeks": _weeks(request), "stages": STAGES,
        "states": STATES, "sorts": tuple(queries.SORTS), "this_month": f"{datetime.now(UTC):%Y-%m}",
    }  # fmt: skip
    return render(request, "inspections.html", context)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _weeks(request: HttpRequest) -> list[dict[str, Any]]:
    """System and ISO week → its signed sheets that wait for a countersignature, and whether the reader may give it."""
    found: dict[tuple[str, int, int], dict[str, Any]] = {}
    for sheet in queries.uncovered(sight=visible(request))[:500]:
        year, week, _weekday = sheet.day.isocalendar()
        key = (sheet.system.name, year, week)
        may_sign = may(request, "inspection.countersign", sheet.system.name)
        row = {"system": sheet.system, "year": year, "week": week, "sheets": [], "may": may_sign}
        found.setdefault(key, row)["sheets"].append(sheet)
    return list(found.values())


@page("inspection.read")
def inspection(request: HttpRequest, number: int) -> HttpResponse:
    """One sheet."""
    sheet = _sheet(request, number)
    language = _language()
    flaws = queries.verify([sheet])[1]
    context = {
        "sheet": sheet, "paper": paper.paper(sheet, language), "flaw": said(flaws[0].reason, _) if flaws else "",
        "is_operator": may(request, "inspection.sign", sheet.system.name),
    }  # fmt: skip
    return render(request, "inspection.html", context)


@page("inspection.read")
def file(request: HttpRequest, number: int, name: str) -> HttpResponse:
    """One sheet as ``sheet.pdf``, ``sheet.xlsx``, ``sheet.html`` or ``sheet.json``; ``?language=`` one of ours."""
    sheet = _sheet(request, number)
    form = name.removeprefix("sheet.")
    language = request.GET.get("language", "")
    if form == "json":
        return JsonResponse(sheet_rows(sheet), json_dumps_params={"ensure_ascii": False})
    if form not in ("pdf", "xlsx", "html") or not name.startswith("sheet."):
        raise Http404
    try:
        found = document([sheet], form, language if language in DJANGO_LANGUAGE else _language())
    except ValueError as error:
        messages.error(request, said(error, _))
        return redirect("inspection", number)
    headers = {"Content-Disposition": f'attachment; filename="{found.name}"'}
    return HttpResponse(found.data, content_type=found.kind, headers=headers)


def _sheet(request: HttpRequest, number: int) -> Sheet:
    try:
        return queries.sheet(number, visible(request))
    except Sheet.DoesNotExist:
        raise Http404 from None


def _language() -> str:
    return language_of(get_language())


def _act(request: HttpRequest, number: int, work: Callable[[], Any], done: str) -> HttpResponse:
    _sheet(request, number)
    try:
        attempt(request, work, done)
    except ObjectDoesNotExist:
        raise Http404 from None
    return redirect("inspection", number)


@page("inspection.run")
@require_POST
def run(request: HttpRequest) -> HttpResponse:
    system = system_of(request, request.POST.get("system", ""))
    made = actions.run_by_hand(system.name, actor=actor(request))
    messages.success(request, _("The sheet is made."))
    return redirect("inspection", made.pk)


@page("inspection.remark")
@require_POST
def remark(request: HttpRequest, number: int, place: int) -> HttpResponse:
    text = request.POST.get("text", "")
    return _act(request, number, lambda: actions.remark(number, place, text, actor=actor(request)), _("Written."))


@page("inspection.raise")
@require_POST
def raise_incident(request: HttpRequest, number: int, place: int) -> HttpResponse:
    text, who = request.POST.get("text", ""), actor(request)
    done = _("It is an incident now.")
    return _act(request, number, lambda: actions.raise_incident(number, place, text, actor=who), done)


@page("inspection.sign")
@require_POST
def sign(request: HttpRequest, number: int) -> HttpResponse:
    text = request.POST.get("text", "")
    return _act(request, number, lambda: actions.sign(number, text, actor=actor(request)), _("Signed."))


@page("inspection.refuse")
@require_POST
def refuse(request: HttpRequest, number: int) -> HttpResponse:
    text = request.POST.get("text", "")
    return _act(request, number, lambda: actions.refuse(number, text, actor=actor(request)), _("Refused."))


@page("inspection.countersign")
@require_POST
def countersign(request: HttpRequest) -> HttpResponse:
    asked = request.POST
    system = system_of(request, asked.get("system", ""))

    def work() -> None:
        year, week = int(asked.get("year", "")), int(asked.get("week", ""))
        actions.countersign(system.name, year, week, asked.get("text", ""), actor=actor(request))

    attempt(request, work, _("Countersigned."))
    return redirect("inspections")


# A month


@dataclass(frozen=True, slots=True)
class Spark:
    """A small drawing: a line for each stretch of days that follow each other, and a dot for the last."""

    lines: Sequence[str]
    dot: tuple[float, float] | None
    width: int = WIDTH
    height: int = HEIGHT


@page("inspection.read")
def month(request: HttpRequest) -> HttpResponse:
    """A system's month, as a page or as JSON (``?form=json``)."""
    asked = request.GET
    systems = list(queries.inspected_systems(visible(request)))
    name = asked.get("system", "") or (systems[0].name if systems else "")
    which = asked.get("month", "") or f"{datetime.now(UTC):%Y-%m}"
    context: dict[str, Any] = {"systems": systems, "name": name, "month": which, "found": None, "rows": []}
    if name:
        system = system_of(request, name)
        try:
            found = queries.month(name, which, datetime.now(UTC), visible(request))
        except ValueError:
            raise Http404 from None
        if asked.get("form") == "json":
            return JsonResponse(month_row(found), json_dumps_params={"ensure_ascii": False})
        context |= {"system": system, "found": found, "rows": [(one, spark(one, found)) for one in found.trends]}
        context["before"] = range(found.days[0].day.weekday() if found.days else 0)
    return render(request, "inspectionmonth.html", context)


def spark(trend: Trend, found: Month) -> Spark | None:
    """Where each day's value lies; None where there is no value."""
    if not trend.points or trend.low is None or trend.high is None:
        return None
    first, last = found.days[0].day.toordinal(), found.days[-1].day.toordinal()
    low: float = trend.low
    span, height = max(1, last - first), (trend.high - low) or 1.0

    def place(day: date, value: float) -> tuple[float, float]:
        x = 3 + (WIDTH - 6) * (day.toordinal() - first) / span
        return round(x, 1), round(HEIGHT - 4 - (HEIGHT - 8) * (value - low) / height, 1)

    parts = [[place(*trend.points[0])]]
    for (before, _value), (day, value) in pairwise(trend.points):
        if (day - before).days > 1:
            parts.append([])
        parts[-1].append(place(day, value))
    return Spark(["M" + "L".join(f"{x} {y}" for x, y in part) for part in parts], parts[-1][-1])
