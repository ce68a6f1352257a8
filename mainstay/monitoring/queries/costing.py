"""What the looks of a check cost, by what they measured of themselves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from mainstay.catalogue.models import Check
from mainstay.domain.chunk import Floats
from mainstay.monitoring.models import Series
from mainstay.monitoring.queries.raw import column

TOOK = ("seconds", "total", "time", "handshake", "connect")
"""Metrics in seconds that say how long a look, or the reaching of its target, took; the first that a kind has."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What the looks of the last day took, by what they measured of themselves.

    ``metric`` in seconds (empty where the kind measures no such thing); ``busy`` seconds a day in all; rows where
    rows are read.
    """

    metric: str
    looks: int
    a_day: float
    median: float
    slow: float
    busy: float
    rows: tuple[float, float] | None = None


def cost(check: Check, now: datetime) -> Cost | None:
    """None where nothing was measured in the last day."""
    start, end = (now - timedelta(days=1)).timestamp(), now.timestamp()
    series = {metric: (key, unit) for key, metric, unit in
              Series.objects.filter(check_of=check).values_list("pk", "metric", "unit")}  # fmt: skip
    metric = next((one for one in TOOK if series.get(one, (0, ""))[1] == "s"), "")
    took = _numbers(series[metric][0], start, end) if metric else np.zeros(0)
    rows = _numbers(series["rows"][0], start, end) if "rows" in series else np.zeros(0)
    if not len(took) and not len(rows):
        return None
    a_day = 86_400 / check.every
    median, slow = _quantiles(took)
    busy = float(took.mean()) * a_day if len(took) else 0.0
    return Cost(
        metric if len(took) else "", max(len(took), len(rows)), a_day, median, slow, busy,
        _quantiles(rows) if len(rows) else None,
    )  # fmt: skip


def _numbers(series: int, start: float, end: float) -> Floats:
    values = column(series, start, end)[1]
    finite: Floats = values[np.isfinite(values)]
    return finite


def _quantiles(values: Floats) -> tuple[float, float]:
    """The median and the 95th percentile; zeros of nothing."""
    if not len(values):
        return 0.0, 0.0
    median, slow = np.quantile(values, (0.5, 0.95)).tolist()
    return median, slow
