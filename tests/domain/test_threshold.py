"""Conditions as people write them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.threshold import Comparison, Condition, parse_condition


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("> 80%", Condition("> 80%", "", Comparison(">", 80))),
        ("<5", Condition("<5", "", Comparison("<", 5))),
        ("> 2 s", Condition("> 2 s", "", Comparison(">", 2))),
        ("> 250ms", Condition("> 250ms", "", Comparison(">", 0.25))),
        ("free < 10 GiB for 5m", Condition("free < 10 GiB for 5m", "free", Comparison("<", 10 * 2**30), 300)),
        ("> 80% for 5m, clear < 70%", Condition("> 80% for 5m, clear < 70%", "", Comparison(">", 80), 300,
                                                Comparison("<", 70))),
        ("> 80 clear <= 70", Condition("> 80 clear <= 70", "", Comparison(">", 80), 0, Comparison("<=", 70))),
        ("== -1.5e3", Condition("== -1.5e3", "", Comparison("==", -1500))),
        ("  != 200  ", Condition("!= 200", "", Comparison("!=", 200))),
        ("days_left < 14d", Condition("days_left < 14d", "days_left", Comparison("<", 14 * 86400))),
    ],
)  # fmt: skip
def test_read(text: str, condition: Condition) -> None:
    assert parse_condition(text) == condition


@pytest.mark.parametrize(
    "text", ["", "80", ">", "> eighty", "> 80 for", "> 80 for 5", "=> 80", "> 80 parsecs", "> 5 XB", "> 80, for 5m x"]
)
def test_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|known are"):
        parse_condition(text)


@pytest.mark.parametrize(
    ("text", "value", "already", "wrong"),
    [
        ("> 80, clear < 70", 81, False, True),
        ("> 80, clear < 70", 75, False, False),
        ("> 80, clear < 70", 75, True, True),
        ("> 80, clear < 70", 69, True, False),
        ("> 80", 75, True, False),
        ("> 80", math.nan, False, False),
        ("!= 80", math.nan, False, False),
        ("> 80", math.inf, False, True),
    ],
)
def test_holds(text: str, value: float, already: bool, wrong: bool) -> None:
    assert parse_condition(text).holds({"load": value}, "load", already) is wrong


def test_metric_that_is_not_there_is_not_wrong() -> None:
    assert not parse_condition("other > 1").holds({"load": 5}, "load", True)


OPERATORS = st.sampled_from([">", ">=", "<", "<=", "==", "!="])
NUMBERS = st.decimals(-(10**6), 10**6, places=3)


@given(OPERATORS, NUMBERS, st.integers(1, 999), st.floats(-1e7, 1e7))
def test_what_is_written_is_what_is_judged(op: str, number: object, seconds: int, value: float) -> None:
    condition = parse_condition(f"load {op} {number} for {seconds}s")
    assert (condition.metric, condition.hold) == ("load", seconds)
    expected = eval(f"{value!r} {op} {float(str(number))!r}")  # the same words, read by Python
    assert condition.holds({"load": value}, "", already=False) is expected


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_condition(text)
    except ValueError:
        pass
