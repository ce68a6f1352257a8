"""A replay: what another rule would have said, by table; and that the true rule says again what it said."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mainstay.domain.calendar import parse_hours
from mainstay.domain.preview import Band, Course, Look, Past, Turn, gathered, recorded, replay, retrace
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.state import State
from mainstay.domain.state_machine import Memory, Rule, judge, lost
from mainstay.domain.threshold import parse_condition

T0 = 1_764_028_800.0  # a Tuesday, 00:00 UTC
STEP = 60.0
REFUSED = Reading(problem=Problem(Fault.REFUSED, "by 10.0.0.5"))
SLOW = Reading(problem=Problem(Fault.CONTENT, "by its own word", warning=True))
BLIND = Reading(problem=Problem(Fault.SETUP), blind=True)
FOUND = Reading({"load": 3.0}, Problem(Fault.FINDING))
ANSWERED_500 = Reading({"load": 1.0}, Problem(Fault.STATUS, "500"))
NOTHING = None
"""No sample for too long."""

Seen = Reading | float | None


def rule(warn: str = "", crit: str = "", failures: int = 1, hours: str = "") -> Rule:
    conditions = [tuple(parse_condition(text) for text in (one,) if text) for one in (warn, crit)]
    return Rule("load", conditions[0], conditions[1], failures, parse_hours(hours), flapping=False)


def lived(readings: list[Seen], by: Rule) -> tuple[Past, tuple[Band, ...]]:
    """What a checker would have kept of these looks: numbers, and each change with its reason."""
    memory, looks = Memory(), []
    turns: list[Turn] = []
    for number, one in enumerate(readings):
        at = T0 + number * STEP
        reading = one if isinstance(one, Reading) else Reading({} if one is None else {"load": one})
        if reading.values:
            looks.append(Look(at, reading.values))
        judged = lost(memory) if one is None else judge(memory, reading, by, at)
        memory = judged.memory
        if not turns or judged.changed:
            failed = one is None or (judged.why is not None and judged.why.problem is not None)
            turns.append(Turn(at, memory.state, failed, reading.problem if failed else None))
    end = T0 + len(readings) * STEP
    ends = [turn.at for turn in turns[1:]] + [end]
    bands = [(turn.at, until, turn.state) for turn, until in zip(turns, ends, strict=True)]
    return gathered(looks, turns, end, STEP, Memory()), recorded(bands).bands


def course(readings: list[Seen], by: Rule, changed: Rule) -> Course:
    past, _ = lived(readings, by)
    return replay(retrace(past, by), changed, past.memory, T0, T0 + len(readings) * STEP)


def letters(told: Course) -> str:
    names = {State.OK: "o", State.WARNING: "w", State.CRITICAL: "c", State.UNKNOWN: "u"}
    return "".join(names[state] * round((end - start) / STEP) for start, end, state in told.bands)


@pytest.mark.parametrize(
    ("by", "changed", "readings", "states", "why"),
    [
        (rule("> 80"), rule("> 90"), [50, 85, 95, 50], "oowo", "a higher threshold"),
        (rule("> 90"), rule("> 80", "> 90"), [50, 85, 95, 50], "owco", "a lower one, and a second"),
        (rule("> 80"), rule("> 80 for 2m"), [85, 50, 85, 85, 85, 50], "oooowo", "it must last"),
        (rule("> 80"), rule("> 80, clear < 60"), [85, 70, 59, 70], "wwoo", "left only past clear"),
        (rule("> 80"), rule("> 80", hours="00:02-00:04"), [85, 85, 85, 85, 85], "oowwo", "only in its hours"),
        (rule(failures=2), rule(failures=2), [1, REFUSED, REFUSED, REFUSED, 1], "oocco", "what failed is put in"),
        (rule(failures=1), rule(failures=3), [1, REFUSED, REFUSED, REFUSED, REFUSED, 1], "ooocco", "more must fail"),
        (rule(failures=3), rule(failures=3), [1, REFUSED, REFUSED, 1], "oooo", "too few leave no trace"),
        (rule(), rule("> 80"), [1, REFUSED, 85, 1], "ocwo", "failures are none of a condition's business"),
        (rule(), rule(), [1, ANSWERED_500, ANSWERED_500, 1], "occo", "numbers that would be well: the look failed"),
        (rule("> 5"), rule("> 90"), [1, SLOW, 50, 50, 1], "owooo", "numbers that kept the state: the look was good"),
        (rule(), rule("> 5"), [0, FOUND, FOUND, 0], "oooo", "findings are left to conditions once there are some"),
        (rule(), rule("> 1"), [0, FOUND, FOUND, 0], "owwo", "and judged by their number"),
        (rule(), rule("> 80"), [1, BLIND, BLIND, 1], "ouuo", "not seen stays not seen"),
        (rule(), rule("> 0"), [1, NOTHING, NOTHING, 1], "wuuw", "and so does what never came"),
        (rule(hours="00:02-00:04"), rule(), [REFUSED, REFUSED, REFUSED, REFUSED, 1], "co", "unseen outside the hours"),
    ],
)
def test_another_rule(by: Rule, changed: Rule, readings: list[Seen], states: str, why: str) -> None:
    told = letters(course(readings, by, changed))
    assert told[-len(states) :] == states if "unseen" not in why else told.endswith("cco"), why


def test_a_stretch_is_what_is_not_ok_without_a_break() -> None:
    told = course([50, 85, 95, 85, 50, BLIND, 95], rule(), rule("> 80", "> 90"))
    assert [(one.start - T0, one.end - T0, one.worst) for one in told.stretches] == [
        (60.0, 240.0, State.CRITICAL),
        (360.0, 420.0, State.CRITICAL),
    ]
    assert told.seconds == {State.OK: 120.0, State.WARNING: 120.0, State.CRITICAL: 120.0, State.UNKNOWN: 60.0}


def test_what_lies_before_the_span_only_warms_up() -> None:
    past = Past([Look(T0 + n * STEP, {"load": 85.0}) for n in range(6)], [], STEP)
    by = rule("> 80 for 2m")
    told = replay(retrace(past, by), by, past.memory, T0 + 3 * STEP, T0 + 6 * STEP)
    assert told.bands == ((T0 + 180, T0 + 360, State.WARNING),)


def test_nothing_seen_is_nothing_told() -> None:
    told = replay([], rule("> 1"), Memory(), T0, T0 + 60)
    assert (told.bands, told.stretches) == ((), [])
    assert recorded([]).bands == ()


READINGS = st.lists(
    st.one_of(st.sampled_from([10.0, 75.0, 85.0, 95.0]), st.sampled_from([REFUSED, SLOW, BLIND, NOTHING])),
    min_size=1, max_size=40,
)  # fmt: skip
RULES = st.builds(
    rule,
    st.sampled_from(["", "> 80", "> 80, clear < 70", "> 80 for 2m", "> 80 for 2m, clear < 70"]),
    st.sampled_from(["", "> 90", "> 90 for 1m, clear < 80"]),
    st.sampled_from([1, 2, 3]),
    st.sampled_from(["", "00:00-00:10, 00:20-23:00"]),
)


@settings(max_examples=400)
@given(READINGS, RULES)
def test_the_true_rule_says_again_what_it_said(readings: list[Seen], by: Rule) -> None:
    assume(not any(one is BLIND and after is NOTHING for one, after in pairwise(readings)))  # leaves no trace
    past, bands = lived(readings, by)
    assert replay(retrace(past, by), by, past.memory, T0, T0 + len(readings) * STEP).bands == bands


@settings(max_examples=100)
@given(READINGS, RULES, RULES)
def test_bands_are_in_order_and_without_gaps(readings: list[Seen], by: Rule, changed: Rule) -> None:
    told = course(readings, by, changed)
    ends = [band[1] for band in told.bands[:-1]]
    assert ends == [band[0] for band in told.bands[1:]]
    assert all(start < end for start, end, _ in told.bands)


@settings(max_examples=100)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=60), st.integers(0, 99), st.integers(0, 99))
def test_a_higher_threshold_never_fires_longer(values: list[float], one: int, other: int) -> None:
    low, high = sorted((one, other))
    lower, higher = (course(list(values), rule(), rule(f"> {limit}")) for limit in (low, high))
    assert higher.seconds[State.WARNING] <= lower.seconds[State.WARNING]


def test_a_rule_that_flaps_is_replayed_as_one() -> None:
    readings: list[Seen] = [10.0, 95.0] * 20
    by = replace(rule("> 80"), flapping=True)
    past, bands = lived(readings, by)
    assert replay(retrace(past, by), by, past.memory, T0, T0 + len(readings) * STEP).bands == bands
    assert bands[-1][1] - bands[-1][0] > 10 * STEP, "held at its worst"
