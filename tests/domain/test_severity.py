"""The level of a failing check: the whole table, and what holds for all of it."""

from itertools import product

import pytest

from mainstay.domain.severity import grade
from mainstay.domain.state import Impact, State

TABLE = [
    (Impact.OUTAGE, True, (1, 1, 2)),
    (Impact.OUTAGE, False, (1, 2, 3)),
    (Impact.DEGRADED, True, (2, 2, 3)),
    (Impact.DEGRADED, False, (2, 2, 3)),
    (Impact.RISK, True, (3, 3, 3)),
    (Impact.RISK, False, (3, 3, 3)),
]


@pytest.mark.parametrize(("impact", "in_hours", "levels"), TABLE)
def test_level_of_a_critical_check(impact: Impact, in_hours: bool, levels: tuple[int, int, int]) -> None:
    assert tuple(grade(tier, impact, State.CRITICAL, in_hours).level for tier in (1, 2, 3)) == levels


@pytest.mark.parametrize(("impact", "in_hours", "levels"), TABLE)
def test_a_warning_is_one_level_slighter(impact: Impact, in_hours: bool, levels: tuple[int, int, int]) -> None:
    slighter = tuple(min(3, level + 1) for level in levels)
    assert tuple(grade(tier, impact, State.WARNING, in_hours).level for tier in (1, 2, 3)) == slighter


@pytest.mark.parametrize(("tier", "impact", "in_hours"), list(product((1, 2, 3), Impact, (True, False))))
def test_not_seeing_is_slight_whatever_it_is(tier: int, impact: Impact, in_hours: bool) -> None:
    assert grade(tier, impact, State.UNKNOWN, in_hours).level == 3


@pytest.mark.parametrize(("tier", "impact", "state"), list(product((1, 2, 3), Impact, (State.WARNING, State.CRITICAL))))
def test_business_hours_never_make_it_slighter(tier: int, impact: Impact, state: State) -> None:
    assert grade(tier, impact, state, True).level <= grade(tier, impact, state, False).level


@pytest.mark.parametrize("tier", [0, 4, -1])
def test_a_tier_that_does_not_exist(tier: int) -> None:
    with pytest.raises(ValueError, match=r"there are 1, 2 and 3"):
        grade(tier, Impact.OUTAGE, State.CRITICAL, True)


def test_the_facts_are_kept() -> None:
    found = grade(2, Impact.OUTAGE, State.CRITICAL, False)
    assert (found.tier, found.impact, found.state, found.in_hours) == (2, Impact.OUTAGE, State.CRITICAL, False)
