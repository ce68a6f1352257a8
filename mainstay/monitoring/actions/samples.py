"""Samples in: a raw batch each commit, compacted later into tight chunks of one series, dropped when too old."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from mainstay.domain.chunk import FULL as FULL_CHUNK
from mainstay.domain.chunk import Batch, Piece, Records, grow, milliseconds, pack_batch, records, unpack_batch
from mainstay.monitoring.models import Ping, RunRequest, SampleBatch, SampleChunk, Series
from mainstay.settings import CONFIGURATION

HEAD_COUNT = 1_000_000
"""Samples in the raw head, or seconds since its oldest, after which it is compacted."""
HEAD_AGE = 300.0

_MOST_AT_ONCE = 1_500_000
"""Samples that one compaction takes: about 30 MB of arrays."""


def name_series(wanted: Iterable[tuple[int, str, str]]) -> dict[tuple[int, str], int]:
    """Ids of the series for (check id, metric, unit); those that are new are made, in a commit of their own."""
    rows = [Series(check_of_id=check, metric=metric[:100], unit=unit[:16]) for check, metric, unit in wanted]
    checks = {row.check_of_id for row in rows}
    Series.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    found = Series.objects.filter(check_of_id__in=checks).values_list("check_of_id", "metric", "id")
    return {(check, metric): key for check, metric, key in found}


def store_samples(batch: Batch) -> None:
    """Append the samples of one commit to the raw head."""
    if len(batch.series):
        SampleBatch.objects.create(at=float(batch.at.max()), count=len(batch.series), data=pack_batch(batch))


def tend(now: datetime | None = None) -> None:
    """What must be done for the samples every minute or so: compact a head that has grown, drop what is too old."""
    now = now or timezone.now()
    while _head_is_ripe(now) and compact():
        pass
    expire(now - timedelta(days=CONFIGURATION.keep_samples_days))


def _head_is_ripe(now: datetime) -> bool:
    oldest = SampleBatch.objects.order_by("pk").values_list("at", flat=True).first()
    if oldest is None:
        return False
    count = sum(SampleBatch.objects.values_list("count", flat=True))
    return count >= HEAD_COUNT or abs(now.timestamp() - oldest) >= HEAD_AGE


class _Open(NamedTuple):
    """A chunk that is not full yet and may be grown."""

    id: int
    data: bytes


class _Grown(NamedTuple):
    series: int
    pieces: list[Piece]
    replaces: int | None
    last_at: float
    last_value: float


def compact() -> int:
    """Turn the oldest part of the raw head into chunks; how many samples were moved.

    All is worked out before the short transaction, in which the batches are deleted and counted: when another
    process was quicker, or this one is killed, nothing is changed and nothing is doubled.
    """
    taken, batch = _take_head()
    if not taken:
        return 0
    known = set(Series.objects.values_list("pk", flat=True))
    wanted = [key for key in np.unique(batch.series).tolist() if key in known]
    grown = [_grow(key, rows, opened) for key, rows, opened in _by_series(batch, wanted)]
    with transaction.atomic():
        if SampleBatch.objects.filter(pk__in=taken).delete()[0] != len(taken):
            transaction.set_rollback(True)
            return 0
        _write(grown)
    return len(batch.series)


def _take_head() -> tuple[list[int], Batch]:
    taken, batches, count = [], [], 0
    for key, data in SampleBatch.objects.order_by("pk").values_list("pk", "data").iterator(chunk_size=100):
        batches.append(unpack_batch(bytes(data)))
        taken.append(key)
        count += len(batches[-1].series)
        if count >= _MOST_AT_ONCE or len(taken) >= 5000:
            break
    return taken, _joined(batches)


def _joined(batches: Sequence[Batch]) -> Batch:
    if not batches:
        return Batch(np.zeros(0, np.uint32), np.zeros(0), np.zeros(0))
    return Batch(*(np.concatenate(columns) for columns in zip(*batches, strict=True)))


def _by_series(batch: Batch, wanted: Sequence[int]) -> Iterable[tuple[int, Records, "_Open | None"]]:
    order = np.argsort(batch.series, kind="stable")
    ids, rows = batch.series[order], records(milliseconds(batch.at[order]), batch.value[order])
    starts = np.searchsorted(ids, wanted, side="left")
    ends = np.searchsorted(ids, wanted, side="right")
    opened = _open_chunks(wanted)
    for key, start, end in zip(wanted, starts.tolist(), ends.tolist(), strict=True):
        yield key, rows[start:end], opened.get(key)


def _open_chunks(wanted: Sequence[int]) -> dict[int, _Open]:
    inside = set(wanted)
    rows = SampleChunk.objects.filter(count__lt=FULL_CHUNK).values_list("series_id", "pk", "data")
    return {series: _Open(key, bytes(data)) for series, key, data in rows.iterator(chunk_size=1000) if series in inside}


def _grow(series: int, rows: Records, opened: _Open | None) -> _Grown:
    made = list(grow(opened.data if opened else b"", rows))
    last_at, last_value = rows[-1].item()
    return _Grown(series, made, opened.id if opened else None, last_at / 1000.0, last_value)


def _write(grown: Sequence[_Grown]) -> None:
    chunk, series = SampleChunk._meta.db_table, Series._meta.db_table
    update = f'UPDATE {chunk} SET start=%s, "end"=%s, count=%s, data=%s WHERE id=%s'  # noqa: S608 - own names
    insert = f'INSERT INTO {chunk} (series_id, start, "end", count, data) VALUES (%s, %s, %s, %s, %s)'  # noqa: S608
    last = f"UPDATE {series} SET last_at=%s, last_value=%s WHERE id=%s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(update, [(*_row(one.pieces[0]), one.replaces) for one in grown if one.replaces is not None])
        cursor.executemany(
            insert,
            [(one.series, *_row(piece)) for one in grown for piece in one.pieces[one.replaces is not None :]],
        )
        cursor.executemany(last, [(one.last_at, one.last_value, one.series) for one in grown])


def _row(piece: Piece) -> tuple[float, float, int, bytes]:
    return piece.start, piece.end, piece.count, piece.data


def expire(before: datetime) -> None:
    """Drop samples, pings and taken requests older than ``before``, some thousands at a time. State changes stay."""
    old = before.timestamp()
    chunks = SampleChunk.objects.filter(end__lt=old).values_list("pk", flat=True)[:5000]
    SampleChunk.objects.filter(pk__in=list(chunks)).delete()
    pings = Ping.objects.filter(at__lt=before).order_by("at").values_list("pk", flat=True)[:5000]
    Ping.objects.filter(pk__in=list(pings)).delete()
    RunRequest.objects.filter(taken_at__lt=before).delete()
