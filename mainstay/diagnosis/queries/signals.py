"""Which series moved when the incident began, of all that may have to do with it. Bounded: so many series, so many
samples, however many there are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from mainstay.catalogue.models import Check
from mainstay.diagnosis.queries.scope import Relation, Scope
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.chunk import Floats
from mainstay.domain.correlation import AFTER, BEFORE, PAST, Move, move
from mainstay.monitoring.models import Series, StateChange
from mainstay.monitoring.queries import columns
from mainstay.people.queries import seen

MOST_SERIES, MOST_CHUNKS = 200, 1_000
ELSEWHERE = 40
"""Checks of other components that are looked at because they changed at that time."""
SHOWN = 12
POINTS = 160
_ORDER = (*Relation, None)


@dataclass(frozen=True, slots=True)
class Signal:
    """A series that moved. ``relation`` is None elsewhere; ``points``: (seconds since 1970, value), thinned, of those
    that are shown."""

    check: Check
    metric: str
    unit: str
    relation: Relation | None
    move: Move
    points: list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Signals:
    """The strongest, and among how many series they were found."""

    found: list[Signal]
    looked_at: int


def signals(scope: Scope, moment: datetime, start: float, end: float, sight: Sight = EVERYTHING) -> Signals:
    """The series that moved most around ``moment``; of equals the earlier, then the nearer. Their points are from
    ``start`` to ``end``."""
    near = {
        check.pk: (check, scope.relations.get(check.component_id or 0, Relation.AFFECTED)) for check in scope.checks
    }
    far = {check.pk: (check, None) for check in _elsewhere(moment, sight) if check.pk not in near}
    checks: dict[int, tuple[Check, Relation | None]] = {**near, **far}
    rows = Series.objects.filter(check_of__in=checks).values_list("pk", "check_of_id", "metric", "unit")
    chosen = sorted(rows, key=lambda row: (_ORDER.index(checks[row[1]][1]), row[0]))[:MOST_SERIES]
    at = moment.timestamp()
    seen_of = columns([row[0] for row in chosen], min(start, at - PAST), max(end, at + AFTER), MOST_CHUNKS)
    moves = ((row, move(*seen_of[row[0]], at)) for row in chosen if row[0] in seen_of)
    moved = [(row, one) for row, one in moves if one is not None and one.moved]
    moved.sort(key=lambda found: (-found[1].score, found[1].at, _ORDER.index(checks[found[0][1]][1])))
    return Signals(
        [
            Signal(*_check(checks, row), one, _thinned(*seen_of[row[0]], start, end) if place < SHOWN else [])
            for place, (row, one) in enumerate(moved)
        ],
        len(chosen),
    )


def _check(
    checks: Mapping[int, tuple[Check, Relation | None]], row: tuple[int, int, str, str]
) -> tuple[Check, str, str, Relation | None]:
    """What a signal says of its series."""
    _key, check_id, metric, unit = row
    check, relation = checks[check_id]
    return check, metric, unit, relation


def _elsewhere(moment: datetime, sight: Sight) -> Iterable[Check]:
    """Checks that changed at that time, wherever."""
    around = StateChange.objects.filter(
        seen(sight, "check_of__system__name"), at__gte=moment - timedelta(seconds=BEFORE),
        at__lte=moment + timedelta(seconds=AFTER), check_of__retired_at=None,
    )  # fmt: skip
    rows = around.select_related("check_of__system", "check_of__component").order_by("-at")[: 4 * ELSEWHERE]
    return list({row.check_of_id: row.check_of for row in rows}.values())[:ELSEWHERE]


def _thinned(at: Floats, value: Floats, start: float, end: float) -> list[tuple[float, float]]:
    """At most so many points: of each stretch the one furthest from the middle, for a peak is what is looked for."""
    keep = (at >= start) & (at <= end) & np.isfinite(value)
    at, value = at[keep], value[keep]
    if len(at) <= POINTS:
        return list(zip(at.tolist(), value.tolist(), strict=True))
    far = np.abs(value - np.median(value))
    stretches = np.array_split(np.arange(len(at)), POINTS)
    places = [int(some[np.argmax(far[some])]) for some in stretches]
    return list(zip(at[places].tolist(), value[places].tolist(), strict=True))
