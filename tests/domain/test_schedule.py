"""Slots are fixed by the check's name, evenly spread, never doubled and never skipped."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain import schedule

PATHS = st.text(min_size=1, max_size=40)
EVERY = st.sampled_from([0.5, 1.0, 7.3, 10.0, 60.0, 300.0, 86400.0])
NOW = st.floats(0, 4e9)


@given(PATHS, EVERY, NOW)
def test_next_slot_is_the_only_one_within_an_interval(path: str, every: float, now: float) -> None:
    offset = schedule.phase(path, every)
    slot = schedule.next_slot(offset, every, now)
    assert 0 <= offset < every
    assert now < slot <= now + every * 1.000001 + 1e-6
    assert schedule.next_slot(offset, every, slot) == pytest.approx(slot + every, abs=1e-3)


@given(PATHS, EVERY, NOW, st.integers(1, 50))
def test_missed_slots_are_one(path: str, every: float, now: float, missed: int) -> None:
    offset = schedule.phase(path, every)
    late = now + missed * every
    assert schedule.next_slot(offset, every, late) > late


@given(PATHS, EVERY, NOW)
def test_two_checkers_agree_on_every_slot(path: str, every: float, now: float) -> None:
    offset = schedule.phase(path, every)
    slot = schedule.next_slot(offset, every, now)
    middle = (now + slot) / 2
    if now < middle < slot:
        assert schedule.next_slot(offset, every, middle) == slot


def test_slots_and_shards_are_spread() -> None:
    paths = [f"system-{number % 7}/check-{number}" for number in range(6400)]
    shards = Counter(map(schedule.shard, paths))
    assert set(shards) == set(range(schedule.SHARDS))
    assert max(shards.values()) < 160  # 100 on average
    tenths = Counter(int(schedule.phase(path, 10.0)) for path in paths)
    assert min(tenths.values()) > 540
    of_one_shard = Counter(int(schedule.phase(path, 10.0)) for path in paths if schedule.shard(path) == 3)
    assert len(of_one_shard) > 8, "a shard's checks are spread over the interval too"


@pytest.mark.parametrize(("every", "delay"), [(1, 1.0), (10, 2.5), (60, 15.0), (3600, 15.0), (0.2, 1.0)])
def test_soon(every: float, delay: float) -> None:
    assert schedule.soon(every) == delay


def test_restarts_wait_longer_each_time_but_not_for_ever() -> None:
    delays = [schedule.restart_delay(deaths) for deaths in range(1, 30)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (0.5, 30.0)
