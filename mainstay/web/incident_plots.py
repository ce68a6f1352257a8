"""Incidents as plots: how many, of what kind, where, and how long people took."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import dateformat
from django.utils.formats import date_format
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from mainstay.catalogue import queries as catalogue
from mainstay.domain.incident_stats import ENOUGH, Pace, Week, Within
from mainstay.domain.state import Category
from mainstay.incidents import queries
from mainstay.monitoring.wording import format_seconds, listed
from mainstay.web import bars, lists
from mainstay.web.access import visible
from mainstay.web.templatetags.mainstay import called, category, percent
from mainstay.web.templatetags.signs import level_word

WEEKS = 8
"""Shown where the screen is narrow: the newest."""


def plots(request: HttpRequest) -> HttpResponse:
    """The last 26 weeks, of all systems that may be seen or of one."""
    sight = visible(request)
    known = list(catalogue.systems(sight))
    system = lists.chosen(request, "system", [one.name for one in known])
    found = queries.statistics(datetime.now(UTC), get_current_timezone(), system, sight)
    titles = {one.name: called(one) for one in known}
    context = {
        "tab": "plots", "systems": known, "system": system, "found": found, "enough": ENOUGH,
        "weeks": bars.in_all_frames([_week(one) for one in found.weeks], counted, narrow=WEEKS),
        "narrow": WEEKS,
        "categories": bars.lying([(category(one), found.categories.get(one, 0)) for one in Category]),
        "owners": bars.lying([(titles.get(name, name) or _("no system"), count) for name, count in found.systems]),
        "acknowledged": _months(found.months, "acknowledge"),
        "resolved": _months(found.months, "resolve"),
        "responded": _shares(found.months, "responded"), "restored": _shares(found.months, "restored"),
        "paces": _paces(found),
    }  # fmt: skip
    return render(request, "incident_plots.html", context)


def counted(number: float) -> str:
    """A count beside an axis."""
    return f"{number:,.0f}"


def _week(one: Week) -> bars.Named:
    """A week's bar: slight ones below, severe ones on top, where the eye is."""
    levels = {f"level-bar-{level}": count for level, count in sorted(one.levels.items(), reverse=True)}
    told = listed(f"{level_word(level)} {count}" for level, count in one.levels.items() if count)
    number = ngettext("%(n)d incident", "%(n)d incidents", one.total) % {"n": one.total}
    day = date_format(one.start, "SHORT_DATE_FORMAT")
    title = _("week of %(day)s: %(number)s") % {"day": day, "number": number}
    short = dateformat.format(one.start, pgettext("format of a date", "j M"))
    return short, _("%(what)s (%(parts)s)") % {"what": title, "parts": told} if told else title, levels


def _months(months: dict[str, Pace], act: str) -> list[bars.Columns] | None:
    """The medians by month; None where no month has enough to speak of."""
    given: list[bars.Named] = []
    for month, pace in months.items():
        took = getattr(pace, act)
        told = _("not enough data") if took.median is None else format_seconds(took.median)
        given.append((month, f"{month}: {told} ({took.count})", {"": took.median or 0.0}))
    if all(getattr(pace, act).median is None for pace in months.values()):
        return None
    return bars.in_all_frames(given, lambda one: format_seconds(one) if one else "0", time=True)


def _shares(months: dict[str, Pace], act: str) -> list[bars.Columns] | None:
    """What was within the clock by month, in percent; None where no month has enough to speak of."""
    found: list[tuple[str, Within]] = [(month, getattr(pace, act)) for month, pace in months.items()]
    if all(one.share is None for _, one in found):
        return None
    given: list[bars.Named] = [
        (month, f"{month}: {_('not enough data') if one.share is None else percent(one.share)} ({one.count})",
         {"": 100 * (one.share or 0.0)})
        for month, one in found
    ]  # fmt: skip
    return bars.in_all_frames(given, lambda one: f"{one:.0f} %")


def _paces(found: queries.Statistics) -> list[dict[str, Any]]:
    """The rows of the table: all, each level, each month."""
    rows: list[dict[str, Any]] = [{"name": _("All"), "level": None, "pace": found.all}]
    rows += [{"name": "", "level": level, "pace": pace} for level, pace in found.levels.items()]
    return rows + [{"name": month, "level": None, "pace": pace} for month, pace in found.months.items()]
