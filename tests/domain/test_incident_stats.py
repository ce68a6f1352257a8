"""Incidents in numbers: weeks without gaps, and no mean of almost nothing."""

from datetime import date

import pytest

from mainstay.domain.incident_stats import (
    ENOUGH,
    WEEKS,
    Handled,
    Took,
    Within,
    by_level,
    by_month,
    by_week,
    first_day,
    monday,
    month_starts,
    pace,
    took,
    top,
)


@pytest.mark.parametrize(
    ("day", "first"),
    [
        (date(2026, 11, 23), date(2026, 11, 23)),
        (date(2026, 11, 29), date(2026, 11, 23)),
        (date(2027, 1, 1), date(2026, 12, 28)),
        (date(2024, 2, 29), date(2024, 2, 26)),
    ],
)
def test_a_week_begins_on_monday(day: date, first: date) -> None:
    assert monday(day) == first


def test_every_week_is_there_and_nothing_from_outside() -> None:
    today = date(2026, 11, 26)
    weeks = by_week([(date(2026, 11, 23), 1, 2), (date(2026, 11, 23), 3, 1), (date(2026, 5, 25), 2, 9)], today)
    assert len(weeks) == WEEKS
    assert weeks[0].start == first_day(today) == date(2026, 6, 1)
    assert weeks[-1].start == date(2026, 11, 23)
    assert (weeks[-1].levels, weeks[-1].total) == ({1: 2, 2: 0, 3: 1}, 3)
    assert sum(week.total for week in weeks) == 3


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        ([], Took(0, None, None)),
        ([5.0] * (ENOUGH - 1), Took(ENOUGH - 1, None, None)),
        ([1.0, 2.0, 9.0], Took(3, 4.0, 2.0)),
        ([1.0, 3.0, 5.0, 1000.0], Took(4, 252.25, 4.0)),
    ],
)
def test_few_give_no_mean(seconds: list[float], told: Took) -> None:
    assert took(seconds) == told


def test_what_nobody_took_on_does_not_count_there() -> None:
    rows = [Handled(1, "2026-10", None, 60.0), Handled(1, "2026-10", 10.0, None), Handled(2, "2026-11", 20.0, 30.0)]
    found = pace(rows)
    assert (found.acknowledge.count, found.resolve.count) == (2, 2)
    assert {level: one.resolve.count for level, one in by_level(rows).items()} == {1: 1, 2: 1, 3: 0}
    by = by_month(rows, date(2026, 11, 2))
    assert [by[month].acknowledge.count for month in ("2026-09", "2026-10", "2026-11")] == [0, 1, 1]


def test_what_runs_counts_for_a_clock_once_that_has_run_out() -> None:
    rows = [
        Handled(1, "2026-10", 10.0, 60.0, False, False), Handled(1, "2026-10", None, 60.0, False, True),
        Handled(1, "2026-10", None, None, True, False), Handled(1, "2026-10", None, None, False, False),
        Handled(1, "2026-10", 10.0, 60.0),
    ]  # fmt: skip
    found = pace(rows)
    assert (found.responded, found.restored) == (Within(3, 2 / 3), Within(2, None))


def test_months_go_over_the_year() -> None:
    starts = month_starts(date(2027, 2, 1))
    assert (starts[0], starts[-1], len(starts)) == (date(2026, 8, 1), date(2027, 2, 1), 7)


def test_the_rest_is_summed() -> None:
    counts = {f"s{n:02}": n for n in range(1, 13)}
    first, rest = top(counts)
    assert [name for name, _ in first][:2] == ["s12", "s11"]
    assert (len(first), rest) == (10, 3)
    assert top({"b": 1, "a": 1}) == ([("a", 1), ("b", 1)], 0)
