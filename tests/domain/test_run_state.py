"""What comes next in a run, as tables, and as a property: whatever dies and in whichever order steps end, each is done
once, and in its turn."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstay.domain.run_plan import Node, Unplannable, every, plan, plan_of
from mainstay.domain.run_plan import kept as kept_plan
from mainstay.domain.run_state import Fact, Outlook, RunState, StepState, Wish, after_kill, outlook
from mainstay.domain.runbook import Runbook

NOW = datetime(2026, 11, 27, tzinfo=UTC)
DONE, FAILED, STARTED = Fact(StepState.DONE), Fact(StepState.FAILED), Fact(StepState.STARTED)


def nodes(steps: dict[str, Any], others: dict[str, Any] | None = None) -> tuple[Node, ...]:
    books = {name: Runbook(runbook=name, **one) for name, one in (others or {}).items()}
    return plan(Runbook(runbook="it", steps=steps), books.__getitem__, lambda kind, _: (kind == "look", kind == "ask"))


def act(**more: Any) -> dict[str, Any]:
    return {"kind": "act", **more}


TWO = nodes({"a": act(), "b": act()})
UNDO = nodes({
    "a": act(rollback={"back": act()}), "b": act(rollback={"back": act()}, on_failure="roll-back"), "c": act(),
})  # fmt: skip
BOTH = nodes({"p": {"kind": "parallel", "branches": {"l": {"x": act(), "y": act()}, "r": {"z": act()}}}, "e": act()})


def paths(seen: Outlook) -> list[str]:
    return [one.path for one in seen.begin]


@pytest.mark.parametrize(("plan_", "facts", "state", "begin"), [
    (TWO, {}, "running", ["a"]),
    (TWO, {"a": STARTED}, "running", []),
    (TWO, {"a": DONE}, "running", ["b"]),
    (TWO, {"a": Fact(StepState.SKIPPED)}, "running", ["b"]),
    (TWO, {"a": FAILED}, "stopped", []),
    (TWO, {"a": Fact(StepState.DOUBTFUL)}, "running", []),
    (TWO, {"a": Fact(StepState.RETRY, NOW)}, "running", ["a"]),
    (TWO, {"a": Fact(StepState.RETRY, NOW + timedelta(1))}, "running", []),
    (TWO, {"a": Fact(StepState.ASKING)}, "running", []),
    (TWO, {"a": DONE, "b": DONE}, "done", []),
    (nodes({"a": act(on_failure="skip"), "b": act()}), {"a": FAILED}, "running", ["b"]),
    (BOTH, {}, "running", ["p"]),
    (BOTH, {"p": DONE}, "running", ["p/l/x", "p/r/z"]),
    (BOTH, {"p": DONE, "p/l/x": DONE, "p/r/z": DONE}, "running", ["p/l/y"]),
    (BOTH, {"p": DONE, "p/l/x": DONE, "p/l/y": DONE, "p/r/z": DONE}, "running", ["e"]),
    (BOTH, {"p": Fact(StepState.SKIPPED)}, "running", ["e"]),
    (BOTH, {"p": DONE, "p/l/x": FAILED, "p/r/z": STARTED}, "running", []),
    (BOTH, {"p": DONE, "p/l/x": FAILED, "p/r/z": DONE}, "stopped", []),
    (UNDO, {"a": Fact(StepState.DONE, ended=1), "b": Fact(StepState.FAILED, ended=2)}, "undoing", ["b/undo/back"]),
    (UNDO, {"a": Fact(StepState.DONE, ended=1), "b": Fact(StepState.FAILED, ended=2), "b/undo/back": DONE}, "undoing",
     ["a/undo/back"]),
    (UNDO, {"a": Fact(StepState.DONE, ended=1), "b": Fact(StepState.FAILED, ended=2), "b/undo/back": FAILED}, "stopped",
     []),
    (UNDO, {"a": Fact(StepState.DONE, ended=1), "b": Fact(StepState.FAILED, ended=2), "b/undo/back": DONE,
            "a/undo/back": DONE}, "undone", []),
])  # fmt: skip
def test_what_comes_next(plan_: tuple[Node, ...], facts: dict[str, Fact], state: str, begin: list[str]) -> None:
    seen = outlook(plan_, facts, NOW)
    assert (seen.state.value, paths(seen)) == (state, begin)


@pytest.mark.parametrize(("wish", "facts", "state"), [
    (Wish.PAUSE, {}, "paused"), (Wish.PAUSE, {"a": STARTED}, "running"), (Wish.CANCEL, {"a": STARTED}, "running"),
    (Wish.CANCEL, {"a": DONE}, "cancelled"), (Wish.CANCEL, {"a": Fact(StepState.ASKING)}, "cancelled"),
])  # fmt: skip
def test_what_people_wish(wish: Wish, facts: dict[str, Fact], state: str) -> None:
    seen = outlook(TWO, facts, NOW, wish=wish)
    assert (seen.state.value, seen.begin) == (state, ())


def test_it_wakes_for_the_first_that_is_due() -> None:
    early, late = NOW + timedelta(minutes=1), NOW + timedelta(hours=1)
    facts = {"p": DONE, "p/l/x": Fact(StepState.WAITING, late), "p/r/z": Fact(StepState.ASKING, early)}
    assert outlook(BOTH, facts, NOW).wake == early


def test_what_was_under_way_is_in_doubt_unless_it_may_be_repeated() -> None:
    assert after_kill(StepState.STARTED, repeatable=True) is StepState.RETRY
    assert after_kill(StepState.STARTED, repeatable=False) is StepState.DOUBTFUL
    assert after_kill(StepState.ASKING, repeatable=False) is StepState.ASKING


def test_a_plan_survives_being_kept_and_holds_what_it_runs() -> None:
    inner = {"inner": {"steps": {"s": act(title={"en": "S"})}, "inputs": {"n": {"kind": "number", "default": 2}}}}
    made = nodes({"go": {"kind": "run", "runbook": "inner"}, "p": {"kind": "look", "repeatable": False}}, inner)
    assert plan_of(kept_plan(made)) == made
    assert [one.path for one in every(made)] == ["go", "go/s", "p"]
    assert (made[0].defaults, made[0].branches[0][0].scope) == ({"n": 2}, "go")


@pytest.mark.parametrize("others", [
    {"one": {"steps": {"s": {"kind": "run", "runbook": "two"}}},
     "two": {"steps": {"s": {"kind": "run", "runbook": "one"}}}},
    {"one": {"steps": {"s": act()}, "inputs": {"needed": {}}}},
])  # fmt: skip
def test_circles_and_missing_inputs_are_refused(others: dict[str, Any]) -> None:
    with pytest.raises(Unplannable):
        nodes({"go": {"kind": "run", "runbook": "one"}}, others)


LEAF = st.sampled_from([act(), {"kind": "look"}, act(rollback={"back": act()})])


@st.composite
def plans(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    steps: dict[str, Any] = {}
    for number in range(draw(st.integers(1, 3))):
        if depth and draw(st.integers(0, 3)) == 0:
            branches = {f"b{place}": draw(plans(depth=depth - 1)) for place in range(draw(st.integers(1, 2)))}
            steps[f"s{depth}{number}"] = {"kind": "parallel", "branches": branches}
        else:
            steps[f"s{depth}{number}"] = draw(LEAF)
    return steps


@settings(max_examples=60)
@given(steps=plans(), data=st.data())
def test_whatever_dies_each_step_is_done_once_and_in_its_turn(steps: dict[str, Any], data: st.DataObject) -> None:
    made, kills = nodes(steps), data.draw(st.lists(st.booleans(), max_size=15))
    facts: dict[str, Fact] = {}
    order: list[str] = []
    for _ in range(300):
        seen = outlook(made, facts, NOW)
        if seen.state is RunState.DONE:
            break
        for node in seen.begin:
            facts[node.path] = STARTED
        running = [path for path, fact in facts.items() if fact.state is StepState.STARTED]
        assert running, "it must not stand still"
        if not kills or not kills.pop():
            path = data.draw(st.sampled_from(running))
            assert path not in order
            order.append(path)
            facts[path] = Fact(StepState.DONE, ended=len(order))
        else:  # the process is killed: what was under way is in doubt, and a person says "again"
            repeatable = {node.path: node.repeatable for node in every(made)}
            for path in running:
                state = after_kill(StepState.STARTED, repeatable=repeatable[path])
                assert (state is StepState.RETRY) == repeatable[path]
                facts[path] = Fact(StepState.RETRY, NOW)
    else:
        raise AssertionError("it did not end")
    forward = [node.path for node in every(made) if "/undo/" not in node.path]
    assert sorted(order) == sorted(forward)
    for sequence in sequences(made):
        places = [order.index(path) for path in sequence]
        assert places == sorted(places)


def sequences(of: tuple[Node, ...]) -> list[list[str]]:
    found = [[node.path for node in of]]
    for node in of:
        for branch in node.branches:
            found += sequences(branch)
    return found
