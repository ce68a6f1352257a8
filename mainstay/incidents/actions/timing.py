"""Clocks that run out are announced, once each, and every running incident knows what is due next."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from mainstay.domain.actor import ENGINE
from mainstay.domain.clock import Reading, Stand
from mainstay.incidents.actions.telling import News, tell_all
from mainstay.incidents.clocks import Clocked, clocks_of
from mainstay.incidents.models import Entry, Incident, Mark, Pause

LATELY = timedelta(hours=1)
"""So long after an incident ended its clocks are still looked at: it may have ended late between two rounds, or while
no engine ran."""


def watch_clocks(now: datetime) -> int:
    """Announce what has begun to run out, or has, since the last round; returns how many. Those that are over by now
    are noted and nobody is told."""
    rows = list(_watched(now).select_related("system"))
    clocks = clocks_of(rows, now)
    _keep_due(rows, clocks)
    if not (fresh := _fresh(_marks(rows, clocks), now)):
        return 0
    with transaction.atomic():
        owners = {mark.incident_id for mark in fresh}
        list(Incident.objects.filter(pk__in=owners).order_by("pk").select_for_update(no_key=True))
        still = _fresh(fresh, now)
        Mark.objects.bulk_create(still)
        Entry.objects.bulk_create(_entry(mark, clocks) for mark in still)
        tell_all([_news(mark, clocks, now) for mark in still if _to_be_told(mark, still, clocks)])
    return len(still)


def keep_due(incident: Incident, now: datetime) -> None:
    """After somebody's act, so that lists are right before the engine comes round."""
    clocks = clocks_of([incident], now)
    _keep_due([incident], clocks)


def shift(by: timedelta) -> None:
    """The wall clock was set: the clocks of what runs have as long to go as before. What is on record keeps its
    moments; those that the clocks count from move with the wall clock."""
    with transaction.atomic():
        rows = list(Incident.objects.exclude(state="resolved").order_by("pk").select_for_update(no_key=True))
        pauses = [
            row for row in Pause.objects.filter(incident__in=rows).select_related("incident")
            if row.begun_at >= row.incident.counted_since
        ]  # fmt: skip
        for row in rows:
            begun = ["since", *(["acknowledged"] if row.acknowledged_at else [])]
            row.leapt |= {key: row.leapt.get(key, 0) + by.total_seconds() for key in begun}
            row.reached = {key: (datetime.fromisoformat(at) + by).isoformat() for key, at in row.reached.items()}
        for pause in pauses:
            pause.begun_at += by
            pause.ended_at = pause.ended_at + by if pause.ended_at else None
        Incident.objects.bulk_update(rows, ("leapt", "reached"), batch_size=200)
        Pause.objects.bulk_update(pauses, ("begun_at", "ended_at"), batch_size=200)


def _watched(now: datetime) -> QuerySet[Incident]:
    return Incident.objects.filter(~Q(state="resolved") | Q(resolved_at__gte=now - LATELY))


def _keep_due(rows: Iterable[Incident], clocks: Mapping[int, Clocked]) -> None:
    changed = [row for row in rows if row.due_at != clocks[row.pk].due_at]
    for row in changed:
        row.due_at = clocks[row.pk].due_at
    Incident.objects.bulk_update(changed, ["due_at"], batch_size=200)


def _marks(rows: Iterable[Incident], clocks: Mapping[int, Clocked]) -> list[Mark]:
    return [
        Mark(incident=row, since=row.since, level=row.level, clock=one.kind.value, word=word, at=at)
        for row in rows
        for one in clocks[row.pk].readings
        for word, reached, at in (("close", one.close, one.warn_at), ("late", one.late, one.due_at))
        if reached and at is not None
    ]


def _fresh(marks: list[Mark], now: datetime) -> list[Mark]:
    """Those that are not made yet."""
    if not marks:
        return []
    made = Mark.objects.filter(incident__in=_watched(now).values("pk"))
    known = set(made.values_list("incident_id", "since", "level", "clock", "word"))
    return [one for one in marks if _identity(one) not in known]


def _identity(mark: Mark) -> tuple[int, datetime, int, str, str]:
    return mark.incident_id, mark.since, mark.level, mark.clock, mark.word


def _reading(mark: Mark, clocks: Mapping[int, Clocked]) -> Reading:
    return next(one for one in clocks[mark.incident_id].readings if one.kind == mark.clock)


def _entry(mark: Mark, clocks: Mapping[int, Clocked]) -> Entry:
    limit = _reading(mark, clocks).limit.total_seconds()
    data = {"clock": mark.clock, "level": mark.level, "limit": limit}
    return Entry(incident_id=mark.incident_id, at=mark.at, word=f"clock-{mark.word}", actor=ENGINE.name, data=data)


def _to_be_told(mark: Mark, marks: Iterable[Mark], clocks: Mapping[int, Clocked]) -> bool:
    """Not what is over, and not that it is running out where it has run out."""
    if _reading(mark, clocks).stand is Stand.OVER:
        return False
    return mark.word == "late" or not any(
        one.word == "late" and (one.incident_id, one.clock) == (mark.incident_id, mark.clock) for one in marks
    )


def _news(mark: Mark, clocks: Mapping[int, Clocked], now: datetime) -> News:
    due = _reading(mark, clocks).due_at
    data = {"clock": mark.clock, "due": due.isoformat() if due else ""}
    return News(mark.incident_id, f"clock-{mark.word}", now, data)
