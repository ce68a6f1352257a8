"""Plans: what one may say, and when its drill is due."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from mainstay.domain.plan import Drilled, Plan, expired, later, next_drill, worded

LEAST = {"plan": "fire", "system": "shop", "title": {"zh": "机房失火"}, "steps": [{"title": "Call 119"}]}


def test_the_least_plan_is_whole() -> None:
    plan = Plan.model_validate(LEAST)
    assert (plan.drills, plan.review, plan.level, plan.steps[0].phase) == ("quarterly", "yearly", 1, "handling")
    assert worded(plan.model_dump()) == {"zh": "机房失火"}


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"steps": []}, "steps"),
        ({"drills": "weekly"}, "drills"),
        ({"plan": "Fire!"}, "plan"),
        ({"rto": "soon"}, "rto"),
        ({"supplies": [{"title": "x", "expires": "2027-02-30"}]}, "supplies"),
        ({"steps": [{"title": "x", "within": "5 x"}]}, "steps"),
        ({"roles": [{"title": "x", "whom": "y"}]}, "roles"),
        ({"level": 4}, "level"),
        ({"title": {}}, "title"),
        ({"steps": [{"title": {"zh": " "}}]}, "steps"),
    ],
)
def test_what_a_plan_may_not_say(wrong: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Plan.model_validate({**LEAST, **wrong})
    assert caught.value.errors()[0]["loc"][0] == where


@pytest.mark.parametrize(
    ("day", "rhythm", "wanted"),
    [
        (date(2026, 11, 28), "quarterly", date(2027, 2, 28)),
        (date(2026, 11, 30), "quarterly", date(2027, 2, 28)),
        (date(2027, 11, 30), "quarterly", date(2028, 2, 29)),
        (date(2026, 1, 31), "monthly", date(2026, 2, 28)),
        (date(2026, 12, 1), "monthly", date(2027, 1, 1)),
        (date(2026, 8, 31), "half-yearly", date(2027, 2, 28)),
        (date(2028, 2, 29), "yearly", date(2029, 2, 28)),
        (date(2026, 1, 1), "never", None),
    ],
)
def test_a_rhythm_later(day: date, rhythm: str, wanted: date | None) -> None:
    assert later(day, rhythm) == wanted


def plan(name: str, rhythm: str = "quarterly", since: date = date(2026, 1, 1), last: date | None = None) -> Drilled:
    return Drilled(name, rhythm, since, last)


def test_one_drill_a_quarter_meets_all_plans_of_a_system_and_they_take_turns() -> None:
    due = next_drill([plan("a", last=date(2026, 5, 10)), plan("b", since=date(2026, 2, 1)), plan("c", "yearly")])
    assert due is not None
    assert (due.plan, due.day) == ("c", date(2026, 8, 10)), "the oldest that was never drilled"
    assert (due.overdue(date(2026, 8, 10)), due.overdue(date(2026, 8, 11))) == (False, True)


def test_before_the_first_drill_it_counts_from_when_the_first_plan_came_in_force() -> None:
    due = next_drill([plan("b", since=date(2026, 3, 1)), plan("a", since=date(2026, 2, 1))])
    assert due is not None
    assert (due.plan, due.day) == ("a", date(2026, 5, 1))


def test_a_drill_of_a_plan_that_wants_none_counts_but_asks_for_none() -> None:
    assert next_drill([plan("a", "never")]) is None
    due = next_drill([plan("a", "never", last=date(2026, 6, 1)), plan("b", "monthly")])
    assert due is not None
    assert (due.plan, due.day) == ("b", date(2026, 7, 1))


def test_a_supply_is_good_on_its_last_day() -> None:
    some = [{"title": "disk", "expires": "2026-11-28"}, {"title": "torch", "expires": ""}]
    assert expired(some, date(2026, 11, 28)) == []
    assert expired(some, date(2026, 11, 29)) == some[:1]
