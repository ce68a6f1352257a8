"""Samples as they were taken, not thinned."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from mainstay.domain.chunk import Floats, decode, unpack_batch
from mainstay.domain.preview import Look
from mainstay.monitoring.models import SampleBatch, SampleChunk, Series
from mainstay.monitoring.queries.samples import from_chunks, from_head


def raw(check_id: int, wanted: Collection[str], start: float, end: float, most: int) -> list[Look]:
    """The samples of some metrics as they were taken, look by look, not thinned: the newest ``most``, in order."""
    series = dict(Series.objects.filter(check_of_id=check_id, metric__in=wanted).values_list("pk", "metric"))
    columns = {metric: column(key, _since(key, start, end, most), end) for key, metric in series.items()}
    times = [at for at, _ in columns.values()]
    if not times:
        return []
    every = np.unique(np.concatenate(times))[-most:]
    values: list[dict[str, float]] = [{} for _ in every]
    for metric, (at, numbers) in columns.items():
        keep = at >= every[0] if len(every) else np.zeros(len(at), bool)
        for place, value in zip(np.searchsorted(every, at[keep]).tolist(), numbers[keep].tolist(), strict=True):
            values[place][metric] = value
    return [Look(at / 1000.0, value) for at, value in zip(every.tolist(), values, strict=True)]


def _since(series: int, start: float, end: float, most: int) -> float:
    """Where the newest ``most`` samples in chunks begin, so that older ones are not even unpacked."""
    chunks = SampleChunk.objects.filter(series_id=series, end__gte=start, start__lte=end).order_by("-end")
    count = 0
    for begun, held in chunks.values_list("start", "count"):
        count += held
        if count > most:
            return max(start, begun)
    return start


def column(series: int, start: float, end: float) -> tuple[npt.NDArray[np.int64], Floats]:
    """Times in whole milliseconds, as chunks keep them and the head does not yet, and values, in order."""
    parts = [*from_chunks(series, start, end), *from_head(series, start)]
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0)
    at, value = (np.concatenate(part) for part in zip(*parts, strict=True))
    keep = (at >= start) & (at <= end)
    times = np.rint(at[keep] * 1000.0).astype(np.int64)
    order = np.argsort(times, kind="stable")
    return times[order], value[keep][order]


def columns(series: Collection[int], start: float, end: float, most: int) -> dict[int, tuple[Floats, Floats]]:
    """Times in seconds and values of many series, each in order, by two queries. Of what is packed the newest ``most``
    chunks are unpacked, however many there are."""
    parts: dict[int, list[tuple[Floats, Floats]]] = {}
    chunks = SampleChunk.objects.filter(series_id__in=series, end__gte=start, start__lte=end).order_by("-end")[:most]
    for key, data in chunks.values_list("series_id", "data"):
        times, values = decode(bytes(data))
        parts.setdefault(key, []).append((times / 1000.0, values))
    wanted = np.array(sorted(series), np.int64)
    for data in SampleBatch.objects.filter(at__gte=start).values_list("data", flat=True).iterator(chunk_size=100):
        batch = unpack_batch(bytes(data))
        mine = np.flatnonzero(np.isin(batch.series, wanted))
        keys = batch.series[mine]
        for key in np.unique(keys).tolist():
            places = mine[keys == key]
            parts.setdefault(key, []).append((batch.at[places], batch.value[places]))
    return {key: _in_order(some, start, end) for key, some in parts.items()}


def _in_order(parts: list[tuple[Floats, Floats]], start: float, end: float) -> tuple[Floats, Floats]:
    at, value = (np.concatenate(part) for part in zip(*parts, strict=True))
    keep = (at >= start) & (at <= end)
    at, value = at[keep], value[keep]
    order = np.argsort(at, kind="stable")
    return at[order], value[order]
