"""The level of a failing check: the table that comes with Mainstay, what rules add to it, and what holds always."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.catalogue.models import System
from mainstay.catalogue.practices import Practices
from mainstay.catalogue.template import practice
from mainstay.domain.calendar import parse_hours
from mainstay.domain.severity import NO_RULE, Facts, Figures, Grade, Rule, grade
from mainstay.domain.state import Category, Impact, Level, State

SHIPPED = Practices([practice()], {}).rules(None)

TABLE = [
    (Impact.OUTAGE, True, (1, 1, 2)),
    (Impact.OUTAGE, False, (1, 2, 3)),
    (Impact.DEGRADED, True, (2, 2, 3)),
    (Impact.DEGRADED, False, (2, 2, 3)),
    (Impact.RISK, True, (3, 3, 3)),
    (Impact.RISK, False, (3, 3, 3)),
]


def graded(tier: int, impact: Impact, state: State, in_hours: bool) -> Grade:
    return grade(Facts(tier, impact, state, in_hours), SHIPPED)


@pytest.mark.parametrize(("impact", "in_hours", "levels"), TABLE)
def test_level_of_a_critical_check(impact: Impact, in_hours: bool, levels: tuple[int, int, int]) -> None:
    assert tuple(graded(tier, impact, State.CRITICAL, in_hours).level for tier in (1, 2, 3)) == levels


@pytest.mark.parametrize(("impact", "in_hours", "levels"), TABLE)
def test_a_warning_is_one_level_slighter(impact: Impact, in_hours: bool, levels: tuple[int, int, int]) -> None:
    slighter = tuple(min(3, level + 1) for level in levels)
    assert tuple(graded(tier, impact, State.WARNING, in_hours).level for tier in (1, 2, 3)) == slighter


@pytest.mark.parametrize(("tier", "impact", "in_hours"), list(product((1, 2, 3), Impact, (True, False))))
def test_not_seeing_is_slight_whatever_it_is(tier: int, impact: Impact, in_hours: bool) -> None:
    assert graded(tier, impact, State.UNKNOWN, in_hours).level == 3


@pytest.mark.parametrize(("tier", "impact", "state"), list(product((1, 2, 3), Impact, (State.WARNING, State.CRITICAL))))
def test_business_hours_never_make_it_slighter(tier: int, impact: Impact, state: State) -> None:
    assert graded(tier, impact, state, True).level <= graded(tier, impact, state, False).level


@pytest.mark.parametrize("tier", [0, 4, -1])
def test_a_tier_that_does_not_exist(tier: int) -> None:
    with pytest.raises(ValueError, match=r"there are 1, 2 and 3"):
        graded(tier, Impact.OUTAGE, State.CRITICAL, True)


def test_the_rule_that_decided_and_its_facts_are_kept() -> None:
    found = graded(2, Impact.OUTAGE, State.CRITICAL, False).plain()
    assert (found["rule"], found["level"]) == ("outage-out-of-hours", 2)
    assert (found["tier"], found["impact"], found["state"], found["in_hours"]) == (2, "outage", "critical", False)
    assert set(found["title"]) == {"en", "zh"}


def test_of_two_that_say_the_same_the_one_that_asks_for_more_decided() -> None:
    assert graded(1, Impact.OUTAGE, State.CRITICAL, True).rule.name == "outage-in-hours"
    assert graded(1, Impact.OUTAGE, State.CRITICAL, False).rule.name == "outage-of-tier-1"


# What a system or a shared document adds.

BASE = Facts(2, Impact.DEGRADED, State.CRITICAL, True, Category.BUSINESS, 1, Figures(10_000.0, 20, 300))


@pytest.mark.parametrize(
    ("rule", "level"),
    [
        (Rule("money", Level.SEVERE, money=10_000.0), 1),
        (Rule("more money", Level.SEVERE, money=10_000.01), 2),
        (Rule("stuck", Level.SEVERE, stuck=20), 1),
        (Rule("more stuck", Level.SEVERE, stuck=21), 2),
        (Rule("users", Level.SEVERE, users=300), 1),
        (Rule("more users", Level.SEVERE, users=301), 2),
        (Rule("both", Level.SEVERE, money=1.0, stuck=21), 2),
        (Rule("above", Level.SEVERE, above=1), 1),
        (Rule("further above", Level.SEVERE, above=2), 2),
        (Rule("of data", Level.SEVERE, categories=(Category.DATA,)), 2),
        (Rule("of business", Level.SEVERE, categories=(Category.BUSINESS,)), 1),
        (Rule("milder", Level.SLIGHT, money=1.0), 2),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_a_rule_that_holds_raises_and_never_lowers(rule: Rule, level: int) -> None:
    found = grade(BASE, [*SHIPPED, rule])
    assert found.level == level
    assert (found.rule is rule) is (level == 1)


def test_a_rule_of_certain_hours_on_the_systems_clocks() -> None:
    rule = Rule("month end rush", Level.SEVERE, during=parse_hours("Mon-Fri 16:00-18:00"))
    berlin = replace(BASE, zone=ZoneInfo("Europe/Berlin"))
    assert grade(replace(berlin, at=datetime(2027, 7, 1, 14, 30, tzinfo=UTC)), [*SHIPPED, rule]).level == 1
    assert grade(replace(berlin, at=datetime(2027, 7, 1, 16, 30, tzinfo=UTC)), [*SHIPPED, rule]).level == 2


@pytest.mark.parametrize("state", [State.WARNING, State.UNKNOWN])
def test_nobody_is_affected_before_the_fault_is_felt(state: State) -> None:
    assert replace(BASE, state=state).users == 0
    assert replace(BASE, impact=Impact.RISK).users == 0
    assert BASE.users == 300


def test_without_any_rule_it_is_slight() -> None:
    assert grade(BASE, []).rule is NO_RULE


FACTS = st.builds(
    Facts, st.sampled_from((1, 2, 3)), st.sampled_from(Impact), st.sampled_from(State), st.booleans(),
    st.sampled_from(Category), st.integers(0, 5),
    st.builds(Figures, st.floats(0, 1e6), st.integers(0, 99), st.integers(0, 999)),
)  # fmt: skip
RULES = st.lists(
    st.builds(
        Rule, st.text("abc", min_size=1), st.sampled_from(Level), money=st.floats(0, 1e6), stuck=st.integers(0, 99),
        users=st.integers(0, 999), above=st.integers(0, 5),
    )
)  # fmt: skip


@given(FACTS, RULES)
def test_more_rules_and_more_damage_never_make_it_slighter(facts: Facts, rules: list[Rule]) -> None:
    before = grade(facts, SHIPPED).level
    after = grade(facts, [*SHIPPED, *rules]).level
    assert after <= before
    worse = replace(facts, figures=Figures(facts.figures.money * 2, facts.figures.stuck + 1, facts.figures.users + 1))
    assert grade(worse, [*SHIPPED, *rules]).level <= after


# What is said where.


def _system(**document: object) -> System:
    return System(pk=1, name="shop", document=document)


def test_a_system_replaces_a_rule_by_name_and_leaves_one_out() -> None:
    own = {"degraded": {"level": 1, "impact": "degraded"}, "otherwise": {"level": 3, "enabled": False}}
    system = _system(grading=own)
    rules = {one.name: one for one in Practices([practice()], {}).rules(system)}
    assert rules["degraded"].level == 1
    assert "otherwise" not in rules
    assert "outage-in-hours" in rules
