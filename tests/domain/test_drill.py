"""Scores of drills as tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mainstay.domain.drill import Course, Limits, Score, marked, score

T0 = datetime(2026, 11, 28, 9, tzinfo=UTC)
LIMITS = Limits(respond=300, rto=3600, rpo=600)


def after(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


GOOD = Course(
    T0, live=True, awaited=True, seen=True, opened=after(1), acknowledged=after(4), recovered=after(40), steps=5,
    done=5, loss=60.0,
)  # fmt: skip


def verdicts(found: Score) -> dict[str, str]:
    return {one.name: one.verdict.value for one in found.lines}


def test_a_good_drill_has_all_points() -> None:
    found = score(GOOD, LIMITS)
    assert (found.points, found.passed) == (100, True)
    assert set(verdicts(found).values()) == {"ok"}
    measured = {one.name: one.measured for one in found.lines}
    assert (measured["detected"], measured["acknowledged"], measured["rto"]) == (60, 180, 2400)


@pytest.mark.parametrize(
    ("change", "missed", "points", "passed"),
    [
        ({"seen": False}, {"detected"}, 88, False),
        ({"acknowledged": after(6.1)}, {"acknowledged"}, 83, False),
        ({"acknowledged": after(6)}, set(), 100, True),
        ({"acknowledged": None}, {"acknowledged"}, 83, False),
        ({"done": 4}, {"skipped"}, 98, True),
        ({"late": 5}, {"late"}, 92, True),
        ({"wrong_turns": 1}, {"wrong-turns"}, 97, True),
        ({"wrong_turns": 9}, {"wrong-turns"}, 92, True),
        ({"recovered": after(60)}, set(), 100, True),
        ({"recovered": after(61)}, {"rto"}, 83, False),
        ({"recovered": None}, {"recovered", "rto"}, 67, False),
        ({"loss": 601.0}, {"rpo"}, 92, False),
        ({"done": 0, "late": 0, "wrong_turns": 3, "loss": 900.0}, {"skipped", "wrong-turns", "rpo"}, 71, False),
    ],
)
def test_what_costs_points_and_what_fails_a_drill(
    change: dict[str, Any], missed: set[str], points: int, passed: bool
) -> None:
    found = score(replace(GOOD, **change), LIMITS)
    assert {name for name, verdict in verdicts(found).items() if verdict == "missed"} == missed
    assert (found.points, found.passed) == (points, passed)


def test_what_was_not_measured_counts_for_nothing() -> None:
    found = score(replace(GOOD, loss=None), LIMITS)
    assert verdicts(found)["rpo"] == "open"
    assert (found.points, found.passed) == (100, True)


def test_at_the_table_nobody_is_called_and_nothing_detected() -> None:
    table = Course(T0, live=False, recovered=after(30), steps=2, done=2)
    assert verdicts(score(table, Limits(rto=3600))) == dict.fromkeys(
        ("skipped", "late", "wrong-turns", "recovered", "rto"), "ok"
    )


def test_few_points_are_no_pass_though_nothing_that_must_be_was_missed() -> None:
    poor = Course(T0, live=False, recovered=after(30), steps=4, done=0, late=4, wrong_turns=3)
    found = score(poor, Limits())
    assert (found.points, found.passed) == (36, False)


def test_a_title_says_that_it_is_a_drill_in_every_language() -> None:
    assert marked({"en": "Fire", "zh": "火灾", "zh-hant": "火災"}) == {
        "en": "DRILL Fire", "zh": "【演练】火灾", "zh-hant": "【演練】火災",
    }  # fmt: skip
