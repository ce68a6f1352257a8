"""What an escalation does next: steps, waits, rounds, reminders, hours, and nobody on call."""

from datetime import UTC, datetime, timedelta

import pytest

from mainstay.domain.escalation import MOST_REMINDERS, Chain, Move, Taken, chain_of, course, due, next_move, step_now
from mainstay.domain.on_call import Escalation, escalation_for, parse_target

T0 = datetime(2026, 11, 30, 10, tzinfo=UTC)


def minutes(count: float) -> datetime:
    return T0 + timedelta(minutes=count)


def chain(**more: object) -> Chain:
    steps = [{"call": "rotation:week"}, {"call": "person:boss", "after": "10m"}, {"call": "team:it", "after": "20m"}]
    return chain_of(Escalation.model_validate({"steps": steps, **more}))


def taken(step: int, at: float, round: int = 0, reminder: int = 0, reached: bool = True) -> Taken:
    return Taken(round, step, reminder, minutes(at), reached)


CASES = {
    "the first at once": ({}, [], (0, 0, 0, 0)),
    "the second after its wait": ({}, [taken(0, 0)], (0, 1, 0, 10)),
    "a wait counts from when the step was really taken": ({}, [taken(0, 120)], (0, 1, 0, 130)),
    "nobody heard: the next at once": ({}, [taken(0, 5, reached=False)], (0, 1, 0, 5)),
    "nothing after the last": ({}, [taken(0, 0), taken(1, 10), taken(2, 30)], None),
    "once more": ({"repeat": 1, "again": "15m"}, [taken(0, 0), taken(1, 10), taken(2, 30)], (1, 0, 0, 45)),
    "no third round": ({"repeat": 1}, [taken(2, 30, round=1)], None),
    "a reminder before the next step": ({"remind": "4m"}, [taken(0, 0)], (0, 0, 1, 4)),
    "and again": ({"remind": "4m"}, [taken(0, 0), taken(0, 4, reminder=1)], (0, 0, 2, 8)),
    "a step before its reminder": ({"remind": "10m"}, [taken(0, 0)], (0, 1, 0, 10)),
    "reminders after the last step": ({"remind": "10m"}, [taken(0, 0), taken(1, 10), taken(2, 30)], (0, 2, 1, 40)),
    "nobody is reminded who was not called": ({"remind": "1m"}, [taken(0, 0, reached=False)], (0, 1, 0, 0)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_comes_next(case: str) -> None:
    more, history, wanted = CASES[case]
    move = next_move(chain(**more), T0, history)
    assert move == (Move(*wanted[:3], minutes(wanted[3])) if wanted else None)  # type: ignore[index]


def test_due_only_when_its_time_has_come_and_missed_reminders_are_not_made_up_for() -> None:
    one = chain(remind="5m")
    assert due(one, T0, [taken(0, 0)], minutes(4.9)) is None
    assert due(one, T0, [taken(0, 0)], minutes(9)) == Move(0, 0, 1, minutes(5))
    history = [taken(0, 0), taken(1, 10), taken(2, 30)]
    assert due(one, T0, history, minutes(600)) == Move(0, 2, 1, minutes(35))
    assert due(one, T0, [*history, taken(2, 600, reminder=1)], minutes(600)) is None


def test_reminders_end() -> None:
    history = [taken(2, 0), *(taken(2, number, reminder=number) for number in range(1, MOST_REMINDERS + 1))]
    assert next_move(chain(remind="1m"), T0, history) is None


def test_a_reminder_waits_for_the_hours_of_its_step() -> None:
    steps = [{"call": "person:a", "during": "09:00-11:00"}]
    one = chain_of(Escalation.model_validate({"steps": steps, "remind": "30m"}))
    assert due(one, T0, [taken(0, 0)], minutes(45)) is not None
    assert due(one, T0, [taken(0, 0)], minutes(65)) is None


def test_the_whole_course_with_a_step_out_of_its_hours_and_one_that_finds_nobody() -> None:
    steps = [
        {"call": "rotation:week"}, {"call": "person:boss", "after": "10m", "during": "00:00-05:00"},
        {"call": "team:it", "after": "20m"},
    ]  # fmt: skip
    one = chain_of(Escalation.model_validate({"steps": steps, "repeat": 1, "again": "1h"}))
    moves = course(one, T0, lambda step, _at: step != 0)
    assert [(move.round, move.step, (move.at - T0).seconds / 60) for move in moves] == [
        (0, 0, 0), (0, 1, 0), (0, 2, 0), (1, 0, 60), (1, 1, 60), (1, 2, 60),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["alice", "person:", "people:alice", "person:a b", ""])
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(ValueError, match="write such as rotation:it-week"):
        parse_target(text)


def test_an_escalation_for_each_level() -> None:
    assert [escalation_for("it", level) for level in (1, 2, 3)] == ["it", "it", "it"]
    by_level = {"severe": "now", "partial": "day", "slight": None}
    assert [escalation_for(by_level, level) for level in (1, 2, 3)] == ["now", "day", ""]
    assert escalation_for(None, 1) == ""


def test_a_step_that_is_taken_without_its_wait() -> None:
    now = minutes(2)
    assert step_now(chain(), T0, [], now) == Move(0, 0, 0, now)
    assert step_now(chain(remind="1m"), T0, [taken(0, 0)], now) == Move(0, 1, 0, now), "the next step, not a reminder"
    assert step_now(chain(), T0, [taken(0, 0), taken(1, 1), taken(2, 2)], now) is None
