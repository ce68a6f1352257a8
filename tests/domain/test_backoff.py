"""When a delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.backoff import FIRST, GIVE_UP, LONGEST, is_hopeless, next_try

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 10), (2, 20), (3, 40), (9, 2560), (10, 3600), (500, 3600)])
def test_the_pause_doubles_up_to_an_hour(attempts: int, seconds: float) -> None:
    pause = (next_try(attempts, NOW, "key") - NOW).total_seconds()
    assert 0.9 * seconds <= pause <= 1.1 * seconds


@given(st.integers(1, 10_000), st.text(max_size=20))
def test_always_alike_and_within_bounds(attempts: int, key: str) -> None:
    due = next_try(attempts, NOW, key)
    assert due == next_try(attempts, NOW, key)
    assert 0.9 * FIRST <= (due - NOW).total_seconds() <= 1.1 * LONGEST


def test_two_keys_do_not_come_back_together() -> None:
    assert len({next_try(3, NOW, str(number)) for number in range(100)}) > 90


def test_given_up_only_after_two_days() -> None:
    assert not is_hopeless(NOW, NOW + GIVE_UP)
    assert is_hopeless(NOW, NOW + GIVE_UP + timedelta(seconds=1))
