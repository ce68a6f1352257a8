"""The machine that every check runs through: stories by table, and what must hold of any story."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstay.domain import state_machine
from mainstay.domain.calendar import parse_hours
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.state import State
from mainstay.domain.state_machine import FLAP_WINDOW, Judgement, Memory, Rule, from_plain, judge, lost, to_plain
from mainstay.domain.threshold import parse_condition

BAD = Reading(problem=Problem(Fault.REFUSED))
FOUND = Reading({"load": 3}, problem=Problem(Fault.FINDING))
BLIND = Reading(problem=Problem(Fault.SETUP), blind=True)


def rule(warn: str = "", crit: str = "", failures: int = 1, flapping: bool = False, hours: str = "") -> Rule:
    conditions = [tuple(parse_condition(text) for text in (one,) if text) for one in (warn, crit)]
    return Rule("load", conditions[0], conditions[1], failures, parse_hours(hours), flapping=flapping)


def story(readings: list[Reading | float], by: Rule, step: float = 60.0) -> list[Judgement]:
    memory, told = Memory(), []
    for number, one in enumerate(readings):
        reading = one if isinstance(one, Reading) else Reading({"load": one})
        at = 1_764_000_000 + number * step
        told.append(judge(memory, reading, by, at))
        memory = told[-1].memory
    return told


def letters(told: list[Judgement]) -> str:
    return "".join({"ok": "o", "warning": "w", "critical": "c", "unknown": "u"}[one.state] for one in told)


@pytest.mark.parametrize(
    ("by", "readings", "states", "why"),
    [
        (rule(), [1, 2], "oo", "no conditions"),
        (rule("> 80", "> 90"), [50, 85, 95, 85, 50], "owcwo", "two thresholds"),
        (rule("> 80, clear < 70"), [85, 75, 69, 75], "wwoo", "left only past clear, entered only past the threshold"),
        (rule("> 80 for 2m"), [85, 85, 85, 50, 85], "oowoo", "must last, and starts anew"),
        (rule("> 80 for 2m, clear < 70"), [85, 75, 85, 85, 85, 75, 69], "oooowwo", "clear speaks only once it is on"),
        (rule(failures=2), [1, BAD, BAD, BAD, 1], "oocco", "seen twice"),
        (rule(failures=2), [1, BAD, 1, BAD, 1], "ooooo", "never twice in a row"),
        (rule(), [1, BAD, 1], "oco", "seen once is enough"),
        (rule(), [1, BLIND, 1], "ouo", "not seen is not known"),
        (rule("!= 5"), [float("nan"), 5, 6], "oow", "not-a-number satisfies nothing"),
        (rule(), [0, FOUND, 0], "oco", "a finding is bad in itself"),
        (rule("> 0", "> 5"), [0, FOUND, 0], "owo", "unless the check says how many are"),
    ],
)
def test_stories(by: Rule, readings: list[Reading | float], states: str, why: str) -> None:
    assert letters(story(readings, by)) == states, why


def test_out_of_hours_all_is_well() -> None:
    by = rule("> 80", hours="Mon-Fri 09:00-18:00")
    inside = judge(Memory(), Reading({"load": 95}), by, datetime(2026, 11, 24, 10, tzinfo=UTC).timestamp())
    outside = judge(inside.memory, BAD, by, datetime(2026, 11, 24, 20, tzinfo=UTC).timestamp())
    assert (inside.state, outside.state) == (State.WARNING, State.OK)


def test_first_failure_is_urgent_the_rest_not() -> None:
    assert [one.urgent for one in story([1, BAD, BAD, BAD], rule(failures=3))] == [False, True, True, False]


def test_flapping_is_held_at_its_worst_and_ends() -> None:
    told = story([50, 95] * 15 + [50] * 40, rule(crit="> 90", flapping=True))
    flapping = [one.memory.flapping for one in told]
    assert any(flapping)
    assert not flapping[-1]
    first, last = flapping.index(True), len(flapping) - 1 - flapping[::-1].index(True)
    assert {one.state for one in told[first + 1 : last + 1]} == {State.CRITICAL}
    assert told[-1].state is State.OK
    assert sum(one.changed for one in told[first:]) <= 4


def test_lost_says_unknown_once() -> None:
    memory = story([50], rule())[0].memory
    once = lost(memory)
    assert (once.state, once.changed, lost(once.memory).changed) == (State.UNKNOWN, True, False)


READINGS = st.one_of(st.floats(0, 100), st.just(float("nan")), st.just(BAD), st.just(BLIND))
RULES = st.builds(
    rule,
    st.sampled_from(["", "> 50", "> 50 for 3m", "> 50 for 3m, clear < 30"]),
    st.sampled_from(["", "> 80", "> 80, clear < 60"]),
    st.integers(1, 4),
    st.booleans(),
)


@given(st.lists(READINGS, max_size=80), RULES)
@settings(max_examples=200)
def test_any_story(readings: list[Reading | float], by: Rule) -> None:
    before = Memory()
    for one in story(readings, by):
        assert len(one.memory.verdicts) <= FLAP_WINDOW
        assert from_plain(to_plain(one.memory)) == one.memory
        assert one.changed == ((one.state, one.memory.flapping) != (before.state, before.flapping))
        assert 0 <= one.memory.failed <= by.failures
        assert not (one.urgent and one.changed)
        before = one.memory


@given(st.lists(READINGS, min_size=1, max_size=40), RULES)
def test_a_restart_between_any_two_looks_changes_nothing(readings: list[Reading | float], by: Rule) -> None:
    memory = Memory()
    for number, one in enumerate(readings):
        reading = one if isinstance(one, Reading) else Reading({"load": one})
        at = 1_764_000_000 + number * 60.0
        told = judge(memory, reading, by, at)
        assert told == judge(from_plain(to_plain(memory)), reading, by, at)
        memory = told.memory


@given(st.lists(st.floats(0, 49), min_size=1, max_size=60), RULES)
def test_calm_values_are_never_anything_but_ok(values: list[float], by: Rule) -> None:
    assert set(letters(story(list(values), by))) == {"o"}


@given(RULES, st.lists(READINGS, max_size=30))
def test_whatever_was_calm_comes_back(by: Rule, readings: list[Reading | float]) -> None:
    assert story([*readings, *[1.0] * (FLAP_WINDOW * 2)], by)[-1].state is State.OK


def test_plain_of_an_older_version_is_read() -> None:
    assert from_plain({}) == Memory()
    assert state_machine.from_plain({"state": "ok"}).state is State.OK
