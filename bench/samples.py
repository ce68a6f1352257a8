"""Samples kept: ``python -m bench.samples`` in an empty workspace prints sizes and times as JSON."""

import json
import os
import statistics
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
django.setup()

import numpy as np  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from mainstay.catalogue.models import Check, System  # noqa: E402
from mainstay.domain.chunk import Batch  # noqa: E402
from mainstay.monitoring import actions, queries  # noqa: E402
from mainstay.settings import DATA  # noqa: E402

CHECKS, METRICS, HOURS, EVERY = 1000, 5, 24.0, 60.0
START = 1_764_000_000.0


def main() -> None:
    """One day of 5,000 series at a sample a minute, then ten minutes of raw head."""
    call_command("migrate", verbosity=0)
    checks = _checks()
    names = [(check, f"metric-{number}", "1") for check in checks for number in range(METRICS)]
    ids = np.array(list(actions.name_series(names).values()), np.uint32)
    random = np.random.default_rng(1)
    level = random.uniform(10, 90, len(ids))
    before, began, moved = _size(), time.process_time(), 0
    rounds = int(HOURS * 3600 / EVERY)
    compacting = 0.0
    for number in range(rounds):
        level = np.clip(level + random.normal(0, 1, len(ids)), 0, 100)
        _store(ids, START + number * EVERY, level)
        if number % 10 == 9:
            since = time.process_time()
            moved += actions.compact()
            compacting += time.process_time() - since
    spent = time.process_time() - began
    connection.cursor().execute("VACUUM")
    size = _size() - before
    for number in range(10):
        _store(ids, START + (rounds + number) * EVERY, level)
    end = START + (rounds + 10) * EVERY
    found = {
        "samples": moved,
        "bytes_per_sample": size / moved,
        "samples_per_cpu_second": moved / spent,
        "compacted_per_cpu_second": moved / compacting,
        "last_values_ms": _best(lambda: queries.last_values(checks)),
        "one_day_ms": _best(lambda: queries.samples(checks[7], "metric-2", end - 86400, end)),
    }
    assert len(queries.samples(checks[7], "metric-2", end - 86400, end)) >= 290
    print(json.dumps(found))


def _checks() -> list[int]:
    system = System.objects.create(name="bench")
    rows = [
        Check(system=system, name=f"check-{number}", kind="http", every=EVERY, category="system", impact="risk")
        for number in range(CHECKS)
    ]
    return [row.pk for row in Check.objects.bulk_create(rows)]


def _store(ids: "np.ndarray[tuple[int], np.dtype[np.uint32]]", at: float, level: np.ndarray) -> None:
    jitter = np.round(np.repeat(np.random.default_rng(int(at)).exponential(0.0015, CHECKS), METRICS), 3)
    values = np.where(ids % 5 == 0, 200.0, np.round(level, 1))
    latency = ids % 5 == 1
    values[latency] = np.round(np.abs(level[latency]) / 40_000, 6)
    with transaction.atomic():
        actions.store_samples(Batch(ids, at + jitter, values))


def _size() -> int:
    """Bytes on disk, everything counted: rows, indexes, pages."""
    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (DATA / "mainstay.sqlite3").stat().st_size


def _best(read: Callable[[], object], times: int = 15) -> float:
    """The median, in milliseconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        read()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent) * 1000


if __name__ == "__main__":
    main()
