"""Samples out: the last values of many series, and one series over a span, thinned for a chart."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mainstay.domain.chunk import Floats, decode, unpack_batch
from mainstay.monitoring.models import SampleBatch, SampleChunk, Series


class LastValue(NamedTuple):
    """``at`` in seconds since 1970 UTC."""

    at: float
    value: float
    unit: str


class Point(NamedTuple):
    """The samples of one stretch of a chart; ``at`` is its middle, in seconds since 1970 UTC."""

    at: float
    low: float
    mean: float
    high: float


def metrics(check_id: int) -> list[tuple[str, str]]:
    """Name and unit of every metric that the check ever gave."""
    return list(Series.objects.filter(check_of_id=check_id).order_by("pk").values_list("metric", "unit"))


def last_values(check_ids: Collection[int]) -> dict[int, dict[str, LastValue]]:
    """The newest sample of every metric of these checks, each check's in the order in which it first gave them."""
    rows = _series(set(check_ids))
    newest = _newest_of_head(np.array([row[0] for row in rows], np.int64))
    found: dict[int, dict[str, LastValue]] = {check_id: {} for check_id in check_ids}
    for (_key, check_id, metric, unit, last_at, last_value), head in zip(rows, newest, strict=True):
        if head is not None:
            found[check_id][metric] = LastValue(*head, unit)
        elif last_at is not None and last_value is not None:
            found[check_id][metric] = LastValue(last_at, last_value, unit)
    return found


def _series(check_ids: set[int]) -> list[tuple[int, int, str, str, float | None, float | None]]:
    """The series of these checks. Ids that lie close together are asked for as a span: a long list costs more."""
    columns = ("pk", "check_of_id", "metric", "unit", "last_at", "last_value")
    found = Series.objects.order_by("pk").values_list(*columns)
    if not check_ids:
        return []
    first, last = min(check_ids), max(check_ids)
    if len(check_ids) > 50 and last - first < 2 * len(check_ids):
        rows = found.filter(check_of_id__gte=first, check_of_id__lte=last).iterator(chunk_size=10_000)
        return [row for row in rows if row[1] in check_ids]
    return list(found.filter(check_of_id__in=check_ids).iterator(chunk_size=10_000))


def _newest_of_head(wanted: npt.NDArray[np.int64]) -> list[tuple[float, float] | None]:
    """Read the raw head from its newest batch backwards until all that are wanted were seen."""
    if not len(wanted):
        return []
    at, value = np.full(int(wanted.max()) + 1, np.nan), np.full(int(wanted.max()) + 1, np.nan)
    missing = np.zeros(len(at), bool)
    missing[wanted] = True
    left = len(wanted)
    for data in SampleBatch.objects.order_by("-pk").values_list("data", flat=True).iterator(chunk_size=50):
        batch = unpack_batch(bytes(data))
        inside = batch.series < len(missing)
        fresh = np.flatnonzero(inside)[missing[batch.series[inside]]]
        ids = batch.series[fresh]
        at[ids], value[ids] = batch.at[fresh], batch.value[fresh]  # of several samples the last one stays
        missing[ids] = False
        left -= len(np.unique(ids))
        if left == 0:
            break
    pairs = zip(at[wanted].tolist(), value[wanted].tolist(), missing[wanted].tolist(), strict=True)
    return [None if unseen else (when, number) for when, number, unseen in pairs]


def samples(check_id: int, metric: str, start: float, end: float, points: int = 300) -> list[Point]:
    """One series from ``start`` to ``end`` (seconds since 1970), in at most ``points`` equal stretches that hold
    anything. What is not a number is left out."""
    series = Series.objects.filter(check_of_id=check_id, metric=metric).values_list("pk", flat=True).first()
    if series is None or end <= start:
        return []
    parts = [*from_chunks(series, start, end), *from_head(series, start)]
    if not parts:
        return []
    at, value = (np.concatenate(column) for column in zip(*parts, strict=True))
    keep = (at >= start) & (at <= end) & np.isfinite(value)
    return _thinned(at[keep], value[keep], start, end, points)


def values_around(wanted: Mapping[tuple[int, str], float], at: float) -> dict[tuple[int, str], float]:
    """The sample nearest to ``at`` of each (check id, metric), if there is one at most so many seconds away as stand
    beside it. The raw head is read once for all of them."""
    if not wanted:
        return {}
    rows = Series.objects.filter(check_of_id__in={check for check, _ in wanted}).values_list(
        "pk", "check_of_id", "metric"
    )
    keys = {pk: (check, metric) for pk, check, metric in rows if (check, metric) in wanted}
    nearest: dict[int, tuple[float, float]] = {}
    widest = max(wanted.values())
    for series, times, values in _between(keys.keys(), at - widest, at + widest):
        for when, value in zip(times.tolist(), values.tolist(), strict=True):
            distance = abs(when - at)
            near = distance <= wanted[keys[series]] and distance < nearest.get(series, (math.inf, 0.0))[0]
            if near and math.isfinite(value):
                nearest[series] = (distance, value)
    return {keys[series]: value for series, (_, value) in nearest.items()}


def _between(series: Collection[int], start: float, end: float) -> Iterable[tuple[int, Floats, Floats]]:
    chunks = SampleChunk.objects.filter(series_id__in=series, end__gte=start, start__lte=end)
    for key, data in chunks.values_list("series_id", "data").iterator(chunk_size=100):
        times, values = decode(bytes(data))
        yield key, times / 1000.0, values
    mine = np.array(sorted(series), np.int64)
    for data in SampleBatch.objects.filter(at__gte=start).values_list("data", flat=True).iterator(chunk_size=100):
        batch = unpack_batch(bytes(data))
        if not len(batch.at) or float(batch.at.min()) > end:
            continue
        for place in np.flatnonzero(np.isin(batch.series, mine)):
            yield int(batch.series[place]), batch.at[place : place + 1], batch.value[place : place + 1]


def from_chunks(series: int, start: float, end: float) -> Iterable[tuple[Floats, Floats]]:
    """What is packed of a series: times in seconds, and values."""
    chunks = SampleChunk.objects.filter(series_id=series, end__gte=start, start__lte=end)
    for data in chunks.values_list("data", flat=True):
        times, values = decode(bytes(data))
        yield times / 1000.0, values


def from_head(series: int, start: float) -> Iterable[tuple[Floats, Floats]]:
    """What is not packed yet."""
    for data in SampleBatch.objects.filter(at__gte=start).values_list("data", flat=True).iterator(chunk_size=100):
        batch = unpack_batch(bytes(data))
        mine = np.flatnonzero(batch.series == series)
        if len(mine):
            yield batch.at[mine], batch.value[mine]


def _thinned(at: Floats, value: Floats, start: float, end: float, points: int) -> list[Point]:
    if len(at) == 0:
        return []
    order = np.argsort(at, kind="stable")
    at, value = at[order], value[order]
    if len(at) <= points:
        return [Point(when, one, one, one) for when, one in zip(at.tolist(), value.tolist(), strict=True)]
    stretch = np.minimum(((at - start) * (points / (end - start))).astype(np.int64), points - 1)
    firsts = np.flatnonzero(np.diff(stretch, prepend=-1))
    counts = np.diff(firsts, append=len(at))
    columns: Sequence[Floats] = (
        np.add.reduceat(at, firsts) / counts,
        np.minimum.reduceat(value, firsts),
        np.add.reduceat(value, firsts) / counts,
        np.maximum.reduceat(value, firsts),
    )
    return [Point(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
