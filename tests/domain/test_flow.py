"""Flows: what is stuck, what left the path, how fast it goes. Stories by table, and what must hold of any history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.flow import Case, Detour, Stage, Step, Words, analyse, called, drawn, step_words

NOW = 1_764_000_000.0
HOUR = 3600.0
PATH = [
    Stage("new", 4 * HOUR), Stage("paid", 24 * HOUR), Stage("checked", optional=True), Stage("sent"),
    Stage("done", final=True),
]  # fmt: skip
STATES = st.sampled_from(["new", "paid", "checked", "sent", "done", "?"])
TIMES = st.floats(NOW - 1e6, NOW)


def history(text: str, start: float = NOW - 10 * HOUR) -> list[Step]:
    """``a: new paid sent`` — one line a case, one hour a step."""
    steps = []
    for line in text.strip().splitlines():
        case, _, states = line.strip().partition(": ")
        steps += [Step(case, state, start + number * HOUR) for number, state in enumerate(states.split())]
    return steps


def test_what_is_stuck_is_sorted_by_its_money() -> None:
    cases = [
        Case("small", "new", NOW - 5 * HOUR, 10), Case("large", "new", NOW - 6 * HOUR, 900),
        Case("fresh", "new", NOW - HOUR, 5000), Case("old but fine", "sent", NOW - 900 * HOUR, 7),
        Case("over", "done", NOW - 900 * HOUR, 8), Case("lost", "nowhere", NOW, 9),
    ]  # fmt: skip
    picture = analyse(PATH, cases, [], NOW)
    assert [case.name for case in picture.stuck] == ["large", "small"]
    assert picture.oldest[0].name == "old but fine"
    assert picture.open == 4
    assert picture.elsewhere == {"nowhere": 1}
    new = picture.places[0]
    assert (new.cases, new.amount, new.stuck, new.stuck_amount, new.oldest) == (3, 5910, 2, 910, 6 * HOUR)


@pytest.mark.parametrize(
    ("states", "expected", "why"),
    [
        ("new paid checked sent done", [], "the whole path"),
        ("new paid sent done", [], "an optional stage may be left out"),
        ("new sent done", [("new", "sent", False)], "left out what may not be"),
        ("new checked sent", [("new", "checked", False)], "left out, although it went to an optional one"),
        ("new paid new paid", [("paid", "new", True)], "back, and on again"),
        ("new new paid", [], "written twice is no step"),
        ("new elsewhere paid", [], "a state that is no stage is passed over"),
        ("done new", [("done", "new", True)], "back from the end"),
        ("paid", [], "the first step comes from nowhere"),
    ],
)
def test_steps_off_the_path(states: str, expected: list[tuple[str, str, bool]], why: str) -> None:
    found = analyse(PATH, [], history(f"a: {states}"), NOW).detours
    assert [(one.before, one.after, one.backward) for one in found] == expected, why


def test_steps_of_one_instant_stand_in_the_order_of_the_path() -> None:
    steps = [Step("a", state, NOW - HOUR) for state in ("sent", "new", "paid")]
    assert analyse(PATH, [], steps, NOW).detours == ()


def test_only_the_window_counts() -> None:
    """What was found last week is not found anew every minute, and an old case does not slow the rate."""
    steps = history("old: new sent done", NOW - 200 * HOUR) + history("a: new paid sent done") + history("b: new done")
    picture = analyse(PATH, [], steps, NOW, window=24 * HOUR)
    assert [one.case for one in picture.detours] == ["b"]
    assert picture.throughput == pytest.approx(2 / 24)
    assert picture.moves[("new", "sent")] == 1, "the picture shows the whole history"


def test_a_short_history_gives_a_rate_of_its_own_length() -> None:
    assert analyse(PATH, [], history("a: new done", NOW - 4 * HOUR), NOW).throughput == pytest.approx(1 / 4)
    assert analyse(PATH, [], history("a: done", NOW - 30), NOW).throughput is None
    assert analyse(PATH, [], [], NOW).throughput is None


def test_a_case_that_ends_twice_is_one_case() -> None:
    assert analyse(PATH, [], history("a: new done new done"), NOW).throughput == pytest.approx(1 / 10)


def test_how_long_cases_stay() -> None:
    steps = [
        Step(str(case), state, NOW - 9e4 + at) for case in range(20) for state, at in (("new", 0), ("paid", case * 60))
    ]
    place = analyse(PATH, [], steps, NOW).places[0]
    assert place.latency is not None
    assert place.latency[0] == pytest.approx(570)
    assert 1000 < place.latency[1] < 1140


@given(
    st.lists(st.tuples(st.sampled_from("abc"), STATES, TIMES)), st.lists(st.tuples(STATES, TIMES, st.floats(0, 1e6)))
)
def test_any_history_adds_up(steps: list[tuple[str, str, float]], cases: list[tuple[str, float, float]]) -> None:
    picture = analyse(PATH, [Case(str(n), *one) for n, one in enumerate(cases)], [Step(*one) for one in steps], NOW)
    names = {case for case, _, _ in steps}
    assert sum(picture.moves.values()) == len(steps) - len(names)
    assert sum(place.cases for place in picture.places) + sum(picture.elsewhere.values()) == len(cases)
    assert all(isinstance(one, Detour) and one.before != one.after for one in picture.detours)
    shown = drawn(picture, NOW)
    assert sum(stage["stuck"] for stage in shown["stages"]) == len(picture.stuck)
    assert all(case["age"] >= 0 for case in shown["stuck"] + shown["oldest"])


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("open", "done", "open → done"),
        ("open", "paid", {"en": "open → paid up", "zh": "open → 已付款"}),
        ("sent", "paid", {"en": "sent → paid up", "zh": "已发货 → 已付款"}),
    ],
)
def test_a_step_is_told_by_language_where_a_state_has_a_title(before: str, after: str, words: Words) -> None:
    paid, sent = {"en": "paid up", "zh": "已付款"}, {"zh": "已发货"}
    stages = [Stage("open"), Stage("paid", title=paid), Stage("sent", title=sent), Stage("done")]
    assert step_words(before, after, called(stages)) == words
    assert [one["title"] for one in drawn(analyse(stages, [], [], NOW), NOW)["stages"]] == [{}, paid, sent, {}]
