"""What becomes of a job that failed, and how far one is."""

from datetime import UTC, datetime, timedelta

import pytest

from mainstay.domain.backup_job import FIRST, TRIES, next_try, pace
from mainstay.domain.backup_policy import key_name
from mainstay.domain.placeholder import SECRET_NAME

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_each_pause_is_longer_and_the_last_try_is_the_end() -> None:
    moments = [next_try(attempt, NOW, retry=True) for attempt in range(1, TRIES + 1)]
    assert moments == [NOW + FIRST, NOW + 2 * FIRST, None]


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_what_no_other_try_can_help_has_failed(attempt: int) -> None:
    assert next_try(attempt, NOW, retry=False) is None


def test_the_end_is_expected_by_bytes_and_by_what_was_usual() -> None:
    progress = {"stage": "saving", "done": 25, "total": 100, "since": (NOW - timedelta(minutes=1)).isoformat()}
    found = pace(progress, NOW - timedelta(minutes=2), [], NOW)
    assert (found.stage, found.percent, found.end) == ("saving", 25, NOW + timedelta(minutes=3))
    slow = pace(progress, NOW - timedelta(minutes=2), [600.0, 660.0, 540.0], NOW)
    assert slow.end == NOW + timedelta(minutes=8)


@pytest.mark.parametrize("progress", [{}, {"stage": "taking", "done": 0, "total": 0}, {"done": 5, "total": 0}])
def test_what_nobody_knows_is_not_said(progress: dict[str, object]) -> None:
    found = pace(progress, NOW, [], NOW)
    assert (found.percent, found.end) == (None, None)


def test_more_than_was_expected_is_not_more_than_all() -> None:
    assert pace({"stage": "x", "done": 130, "total": 100}, NOW, [], NOW).percent == 100


def test_the_name_of_a_key_fits_whatever_the_names() -> None:
    long = [key_name("s" * 63, f"{'p' * 62}{number}") for number in range(2)]
    assert len({*long}) == 2
    assert all(len(name) <= 100 and SECRET_NAME.fullmatch(name) for name in (*long, key_name("a-b", "c")))
    assert key_name("shop", "night-ly") == "BACKUP_KEY_SHOP_NIGHT_LY"
