"""A preview out of kept samples: what was recorded is said again, and a changed rule by its own words; and the cost."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from mainstay.catalogue.models import Check
from mainstay.domain.chunk import Batch
from mainstay.domain.state import State
from mainstay.monitoring import actions, queries
from mainstay.monitoring.actions.samples import compact
from mainstay.monitoring.models import StateChange
from tests.line.looking import apply

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SHOP = """
system: shop
components: {web: {kind: http, url: "http://127.0.0.1:1/"}}
checks:
  home: {probe: {kind: http, on: web}, every: 1m, warn: total > 2s, failures: 1}
"""


@pytest.fixture
def home() -> Check:
    apply(SHOP)
    return Check.objects.get()


def store(check: Check, metric: str, unit: str, values: list[float], step: float = 60.0) -> list[float]:
    """One sample a step, the last of them just now; half of them packed already."""
    key = actions.name_series([(check.pk, metric, unit)])[check.pk, metric]
    at = NOW.timestamp() - step * np.arange(len(values), dtype=float)[::-1]
    half = len(values) // 2
    for part in (slice(0, half), slice(half, None)):
        count = len(at[part])
        actions.store_samples(Batch(np.full(count, key, np.uint32), at[part], np.array(values, float)[part]))
        if part.start == 0:
            compact()
    return [float(one) for one in at]


def change(check: Check, at: float, before: str, after: str, **message: object) -> None:
    moment = datetime.fromtimestamp(at, UTC)
    StateChange.objects.create(check_of=check, at=moment, before=before, after=after, message=message)


def slow_twice(home: Check) -> list[float]:
    at = store(home, "total", "s", [0.1, 2.5, 4.0, 0.1, 0.1, 2.5, 0.1, 0.1])
    for place, before, after in ((0, "unknown", "ok"), (1, "ok", "warning"), (3, "warning", "ok"),
                                 (5, "ok", "warning"), (6, "warning", "ok")):  # fmt: skip
        change(home, at[place], before, after, **({"condition": "total > 2s"} if after == "warning" else {}))
    return at


def test_a_higher_limit_would_have_fired_once(home: Check) -> None:
    slow_twice(home)
    found = queries.preview(home, {**home.document, "warn": ["total > 3s"]}, NOW)
    assert [len(one.stretches) for one in (found.recorded, found.before, found.after)] == [2, 2, 1]
    assert found.recorded.bands == found.before.bands
    assert found.after.seconds[State.WARNING] == pytest.approx(60)
    assert (found.looks, found.shortened, found.unmeasured) == (8, False, ())


def test_two_metrics_of_one_look_are_judged_together(home: Check) -> None:
    slow_twice(home)
    store(home, "size", "B", [1, 1, 1, 1, 9, 9, 1, 1])
    wanted = {**home.document, "warn": ["total > 2s"], "crit": ["size > 5"]}
    found = queries.preview(home, wanted, NOW)
    assert [one.worst for one in found.after.stretches] == [State.WARNING, State.CRITICAL]


def test_looks_that_failed_are_taken_from_the_record(home: Check) -> None:
    at = store(home, "total", "s", [0.1, 0.1])
    long_ago = at[0] - 86_400
    store(home, "status", "1", [200.0])
    change(home, long_ago, "unknown", "ok")
    change(home, at[0] - 7200, "ok", "critical", fault="refused", detail="by 10.0.0.5")
    change(home, at[0], "critical", "ok")
    found = queries.preview(home, {**home.document, "failures": 10}, NOW)
    assert found.before.seconds[State.CRITICAL] == pytest.approx(7200)
    assert found.after.seconds[State.CRITICAL] == pytest.approx(7200 - 9 * 60)


def test_what_is_not_measured_is_said(home: Check) -> None:
    slow_twice(home)
    found = queries.preview(home, {**home.document, "warn": ["first_byte > 1s"]}, NOW)
    assert found.unmeasured == ("first_byte",)
    assert found.after.stretches == []


def test_of_too_many_looks_the_newest_are_taken(home: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    at = slow_twice(home)
    monkeypatch.setattr("mainstay.monitoring.queries.replayed.MOST_LOOKS", 3)
    found = queries.preview(home, home.document, NOW)
    assert found.shortened
    assert found.looks == 3
    assert found.start.timestamp() == pytest.approx(at[5])


def test_without_a_sample_there_is_nothing_to_say(home: Check) -> None:
    found = queries.preview(home, home.document, NOW)
    assert (found.looks, found.after.bands) == (0, ())
    assert queries.cost(home, NOW) is None


def test_what_looks_cost(home: Check) -> None:
    store(home, "total", "s", [0.1] * 18 + [1.0] * 2)
    found = queries.cost(home, NOW)
    assert found is not None
    assert (found.metric, found.looks, found.a_day, found.rows) == ("total", 20, 1440, None)
    assert (found.median, found.slow) == pytest.approx((0.1, 1.0))
    assert found.busy == pytest.approx(0.19 * 1440)


def test_only_the_last_day_counts(home: Check) -> None:
    store(home, "total", "s", [9.0, 1.0], step=2 * 86_400)
    found = queries.cost(home, NOW + timedelta(hours=1))
    assert found is not None
    assert (found.looks, found.median) == (1, 1.0)
