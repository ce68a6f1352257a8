"""Figures of faults, out of the record: incidents that count, and how systems were watched and up."""

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db.models import Min, Q

from mainstay.catalogue.models import System
from mainstay.domain import figures as domain
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.figures import AGAIN, Fault, Month, Row, Watch
from mainstay.domain.objective import uptime
from mainstay.incidents.queries import countable
from mainstay.monitoring.models import Standing, StateChange
from mainstay.monitoring.queries import outage_bands_of
from mainstay.people.queries import seen

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Figures:
    """``months`` are those that are looked at, ``rows`` all lines of the table."""

    months: Sequence[Month]
    rows: Sequence[Row]

    def of(self, group: str) -> list[Row]:
        """The rows of a group."""
        return [row for row in self.rows if row.group == group]


def figures(
    now: datetime,
    zone: tzinfo,
    *,
    system: str = "",
    level: int | None = None,
    category: str = "",
    months: int = MONTHS,
    sight: Sight = EVERYTHING,
) -> Figures:
    """Of the last calendar months of a zone."""
    spans = domain.months(now, min(max(1, months), domain.MOST_MONTHS), zone)
    owned = System.objects.filter(seen(sight, "name"), retired_at=None).exclude(name="mainstay")
    names = list((owned.filter(name=system) if system else owned).values_list("name", flat=True))
    wanted = Q(system__name__in=names)
    if level is not None:
        wanted &= Q(level=level)
    if category:
        wanted &= Q(category=category)
    return Figures(spans, domain.rows(_faults(wanted, spans, now), _watch(names, spans), spans, names))


def _faults(wanted: Q, spans: Sequence[Month], now: datetime) -> list[Fault]:
    start = spans[0].start
    about = countable().filter(wanted, opened_at__gte=start - AGAIN, opened_at__lte=now).order_by()
    found = list(about.values_list(
        "key", "system__name", "level", "category", "opened_at", "since", "acknowledged_at", "resolved_at"
    ))  # fmt: skip
    again = domain.recurring((key, begun, end) for key, _, _, _, begun, _, _, end in found)
    return [
        Fault(
            system, _month(spans, begun), level, category, begun, end,
            _seconds(since, taken_on), _seconds(since, end), (key, begun) in again,
        )
        for key, system, level, category, begun, since, taken_on, end in found
        if begun >= start
    ]  # fmt: skip


def _month(spans: Sequence[Month], at: datetime) -> str:
    return next(one.name for one in reversed(spans) if one.start <= at)


def _seconds(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else max(0.0, (end - start).total_seconds())


def _watch(systems: Collection[str], spans: Sequence[Month]) -> Watch:
    """A system is watched from the first change of any of its checks on; one of which nothing ever changed, since it
    stands as it does."""
    began = _first(StateChange.objects.filter(check_of__system__name__in=systems), "at")
    stood = _first(Standing.objects.filter(check_of__system__name__in=systems), "since")
    bands = outage_bands_of(systems, spans[0].start, spans[-1].end)
    seconds, up = {}, {}
    for name in systems:
        first = min((at for at in (began.get(name), stood.get(name)) if at), default=spans[-1].end)
        for span in spans:
            seconds[name, span.name] = max(0.0, (span.end - max(first, span.start)).total_seconds())
            up[name, span.name] = uptime(bands[name], span.start, span.end)
    return Watch(seconds, up)


def _first(rows: object, column: str) -> dict[str, datetime]:
    grouped = rows.order_by().values_list("check_of__system__name")  # type: ignore[attr-defined]  # a set of either kind
    return dict(grouped.annotate(first=Min(column)))


COLUMNS = (
    "group", "name", "faults", "mtta_count", "mtta_mean", "mtta_median", "mttr_count", "mttr_mean", "mttr_median",
    "mtbf", "watched", "recurring", "recurrence", "availability", "known", "down",
)  # fmt: skip
"""Of a row as plain data; times in seconds, shares from 0 to 1."""


def plain(row: Row) -> dict[str, object]:
    """A row as plain data."""
    values = (
        row.group, row.name, row.faults, row.acknowledge.count, row.acknowledge.mean, row.acknowledge.median,
        row.resolve.count, row.resolve.mean, row.resolve.median, row.mtbf, row.watched, row.recurring, row.recurrence,
        row.availability, row.known, row.down,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def as_csv(found: Figures) -> str:
    """All rows; what is not known is empty. Names of systems are slugs, which no spreadsheet takes for a formula."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(plain(row) for row in found.rows)
    return out.getvalue()
