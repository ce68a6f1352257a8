"""Figures of faults over months, as a table with plots; and the table as a file."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _

from mainstay.api import figures as api
from mainstay.catalogue import queries as catalogue
from mainstay.domain.figures import AGAIN, Row
from mainstay.domain.incident_stats import ENOUGH
from mainstay.domain.state import Category
from mainstay.incidents import figures as record
from mainstay.monitoring.wording import format_seconds
from mainstay.web import bars, lists
from mainstay.web.access import page, visible
from mainstay.web.incident_plots import counted
from mainstay.web.templatetags.mainstay import called, category, percent

SPANS = ("3", "6", "12", "24", "36")


@page("incident.read")
def figures(request: HttpRequest) -> HttpResponse:
    """Of all systems that may be seen, or what the filter leaves."""
    wanted, found = _found(request)
    known = list(catalogue.systems(visible(request)))
    titles = {one.name: called(one) for one in known}
    months = found.of("month")
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "wanted": wanted, "systems": known, "spans": SPANS, "categories": [one.value for one in Category],
        "query": query.urlencode(), "all": found.of("all")[0], "enough": ENOUGH, "again": AGAIN.days,
        "groups": [
            (_("By system"), [(titles.get(row.name, row.name), row) for row in found.of("system")]),
            (_("By month"), [(row.name, row) for row in months]),
            (_("By level"), [(row.name, row) for row in found.of("level")]),
            (_("By category"), [(category(row.name), row) for row in found.of("category")]),
        ],
        "plots": [(title, label, drawing) for title, label, drawing in _plots(months) if drawing],
        "tab": "figures",
    }  # fmt: skip
    return render(request, "figures.html", context)


@page("incident.read")
def table(request: HttpRequest) -> HttpResponse:
    """What the page shows, as CSV."""
    return api.table(_found(request)[1])


def _found(request: HttpRequest) -> tuple[dict[str, Any], record.Figures]:
    sight = visible(request)
    level = lists.chosen(request, "level", ("1", "2", "3"))
    wanted: dict[str, Any] = {
        "system": request.GET.get("system", ""), "level": int(level) if level else None,
        "category": lists.chosen(request, "category", [one.value for one in Category]),
        "months": int(lists.chosen(request, "months", SPANS, str(record.MONTHS))),
    }  # fmt: skip
    return wanted, record.figures(datetime.now(UTC), get_current_timezone(), **wanted, sight=sight)


def _plots(months: Sequence[Row]) -> list[tuple[str, str, list[bars.Columns] | None]]:
    """Title, what a reader who does not see it is told, drawing; None where nothing can be drawn."""
    lasting: Callable[[float], str] = lambda one: format_seconds(one) if one else "0"  # noqa: E731 - a value
    share: Callable[[float], str] = lambda one: f"{one:.0f} %"  # noqa: E731 - likewise
    return [
        (_("Faults"), _("Faults by month"), _columns(months, lambda row: row.faults, counted)),
        (_("Until somebody took it on (MTTA)"), _("Median time to acknowledge, by month"),
         _columns(months, lambda row: row.acknowledge.median, lasting, time=True)),
        (_("Until it was over (MTTR)"), _("Median time to resolve, by month"),
         _columns(months, lambda row: row.resolve.median, lasting, time=True)),
        (_("Between two faults (MTBF)"), _("Mean time between faults, by month"),
         _columns(months, lambda row: row.mtbf, lasting, time=True)),
        (_("Came again"), _("Share of faults that came again, by month"),
         _columns(months, lambda row: None if row.recurrence is None else 100 * row.recurrence, share)),
        (_("Down"), _("Time in which systems were down, by month"),
         _columns(months, lambda row: row.down if row.known else None, lasting, time=True, also=_available)),
    ]  # fmt: skip


def _available(row: Row) -> str:
    return percent(row.availability)


def _columns(
    months: Sequence[Row],
    value: Callable[[Row], float | None],
    said: Callable[[float], str],
    *,
    time: bool = False,
    also: Callable[[Row], str] = lambda row: str(row.faults),
) -> list[bars.Columns] | None:
    """A column a month, with the figure behind it on hover."""
    given: list[bars.Named] = []
    for row in months:
        number = value(row)
        told = _("not enough data") if number is None else said(number)
        given.append((row.name, f"{row.name}: {told} ({also(row)})", {"": number or 0.0}))
    if all(value(row) is None for row in months):
        return None
    return bars.in_all_frames(given, said, narrow=6, time=time)
