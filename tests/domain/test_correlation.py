"""How much a series moved around a moment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.correlation import MOST, MOVED, Move, move

MOMENT = 100_000.0
EVERY = 60.0
TIMES = MOMENT + EVERY * np.arange(-180, 11)


def noise(seed: int, wide: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(50.0, wide, len(TIMES))


def moved(value: np.ndarray) -> Move:
    found = move(TIMES, value, MOMENT)
    assert found is not None
    return found


def test_a_flat_series_scores_nothing() -> None:
    assert moved(np.full(len(TIMES), 3.0)).score == 0.0


def test_what_never_changed_and_does_now_scores_most() -> None:
    found = moved(np.where(TIMES >= MOMENT - 120, 5.0, 0.0))
    assert (found.score, found.before, found.during, found.at) == (MOST, 0.0, 5.0, MOMENT - 120)


@pytest.mark.parametrize("seed", range(20))
def test_a_step_at_the_moment_stands_above_noise(seed: int) -> None:
    quiet, step = noise(seed), noise(seed + 100)
    step[TIMES >= MOMENT - 180] += 12.0
    assert moved(quiet).score < MOVED <= moved(step).score
    assert abs(moved(step).at - (MOMENT - 180)) <= EVERY


def test_a_step_long_before_is_no_news() -> None:
    value = noise(1)
    value[TIMES >= MOMENT - 100 * EVERY] += 12.0
    assert not moved(value).moved


def test_one_odd_sample_is_no_move_two_in_a_row_are() -> None:
    one, two = noise(2), noise(2)
    one[-8] += 100.0
    two[-8:-6] += 100.0
    assert not moved(one).moved
    assert moved(two).moved


def test_peaks_that_come_again_and_again_are_no_news() -> None:
    value = noise(3)
    value[::15] += 30.0
    value[1::15] += 30.0
    assert not moved(value).moved


def test_a_fall_counts_as_a_rise() -> None:
    up, down = noise(4), noise(4)
    up[TIMES >= MOMENT] += 20.0
    down[TIMES >= MOMENT] -= 20.0
    assert moved(down).moved
    assert moved(down).during < 40.0 < 60.0 < moved(up).during


@pytest.mark.parametrize(("value", "why"), [
    ([], "nothing was seen"), ([1.0] * 7, "too short a past"), ([float("nan")] * 100, "no numbers"),
])  # fmt: skip
def test_too_little_says_nothing(value: list[float], why: str) -> None:
    times = MOMENT + EVERY * np.arange(5 - len(value), 5)
    assert move(times, np.array(value), MOMENT) is None, why


whole = st.lists(st.integers(-1000, 1000), min_size=len(TIMES), max_size=len(TIMES))


@given(whole, st.integers(-3, 3), st.integers(-(10**6), 10**6), st.booleans())
def test_scale_and_zero_do_not_matter(values: list[int], power: int, shift: int, turned: bool) -> None:
    value = np.array(values, float)
    other = (-1.0 if turned else 1.0) * 2.0**power * value + shift
    one, two = moved(value), moved(other)
    assert two.score == pytest.approx(one.score, rel=1e-6)
    assert (two.at == one.at) or turned  # of two equally far the first counts, whichever way it lies


@given(whole)
def test_a_score_has_its_bounds(values: list[int]) -> None:
    found = moved(np.array(values, float))
    assert 0.0 <= found.score <= MOST
    assert MOMENT - 900 <= found.at <= MOMENT + 900
