"""Category and level of an incident, by rule. The rule that decided is kept and shown.

Rules are data (``packs/incidents.yaml``, then those of shared documents and of the system): each names what must hold
and the level (1 severe, 2 partial, 3 slight) that follows. Of the rules that hold the worst level counts, so that what
somebody adds can raise a level and never hides a worse one. What comes with Mainstay says, for one failing check:

=============================  ======  ======  ======
state and impact               tier 1  tier 2  tier 3
=============================  ======  ======  ======
critical, outage, in hours       1       1       2
critical, outage, otherwise      1       2       3
critical, degraded               2       2       3
critical, risk                   3       3       3
warning                        one level slighter, at most 3
unknown                          3       3       3
=============================  ======  ======  ======

An incident has the worst level of its members. Hours are the system's business hours; a system without any is always
in hours.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mainstay.domain.calendar import ALWAYS, NO_BOOK, DayBook, Hours
from mainstay.domain.state import Category, Impact, Level, State


@dataclass(frozen=True, slots=True)
class Figures:
    """What a system's own checks say of the damage: money at risk in its currency, cases that are stuck, and how many
    people use it."""

    money: float = 0.0
    stuck: int = 0
    users: int = 0


NO_FIGURES = Figures()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a failing check is graded. ``above``: how many components need the broken one. ``users``: how
    many people are affected. ``at``, ``zone`` and ``book`` are for rules of certain hours."""

    tier: int
    impact: Impact
    state: State
    in_hours: bool
    category: Category = Category.SYSTEM
    above: int = 0
    figures: Figures = NO_FIGURES
    at: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    book: DayBook = NO_BOOK

    @property
    def users(self) -> int:
        """All who use the system, once its users feel the fault; a risk or a warning affects nobody yet."""
        felt = self.state is State.CRITICAL and self.impact is not Impact.RISK
        return self.figures.users if felt else 0

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "tier": self.tier, "impact": self.impact.value, "state": self.state.value, "in_hours": self.in_hours,
            "category": self.category.value, "above": self.above, "money": round(self.figures.money, 2),
            "stuck": self.figures.stuck, "users": self.users,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """A level, and all that must hold for it; what is empty, zero or None asks nothing. Numbers are least ones."""

    name: str
    level: Level
    title: Mapping[str, str] = field(default_factory=dict)
    tiers: Collection[int] = ()
    states: Collection[State] = ()
    impacts: Collection[Impact] = ()
    categories: Collection[Category] = ()
    in_hours: bool | None = None
    during: Hours = ALWAYS
    above: int = 0
    money: float = 0.0
    stuck: int = 0
    users: int = 0

    def holds(self, facts: Facts) -> bool:
        """Whether all of it is so."""
        return (
            (not self.tiers or facts.tier in self.tiers)
            and (not self.states or facts.state in self.states)
            and (not self.impacts or facts.impact in self.impacts)
            and (not self.categories or facts.category in self.categories)
            and self.in_hours in (None, facts.in_hours)
            and facts.above >= self.above
            and facts.figures.money >= self.money
            and facts.figures.stuck >= self.stuck
            and facts.users >= self.users
            and self.during.contains(facts.at, facts.zone, facts.book)
        )

    @property
    def weighs(self) -> bool:
        """Whether it asks for figures, which must be looked up."""
        return bool(self.money or self.stuck or self.users)

    @property
    def narrowness(self) -> int:
        """How much it asks for."""
        asked = (
            self.tiers, self.states, self.impacts, self.categories, self.in_hours is not None, self.during.spans,
            self.above, self.money, self.stuck, self.users,
        )  # fmt: skip
        return sum(map(bool, asked))


@dataclass(frozen=True, slots=True)
class Grade:
    """A level, the rule that decided, and the facts that it was decided by."""

    level: Level
    rule: Rule
    facts: Facts

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it, with the rule's title: the rule may be another one tomorrow."""
        return {
            "level": int(self.level), "rule": self.rule.name, "title": dict(self.rule.title), **self.facts.plain()
        }  # fmt: skip


def grade(facts: Facts, rules: Iterable[Rule]) -> Grade:
    """The level of one failing check: the worst of the rules that hold; of equal ones the one that asks for most.

    Raises ValueError for a tier other than 1, 2, 3. When no rule holds, the level is slight.
    """
    if facts.tier not in (1, 2, 3):
        raise ValueError(f"tier {facts.tier} does not exist; there are 1, 2 and 3")
    holding = [rule for rule in rules if rule.holds(facts)]
    decided = min(holding, key=lambda one: (one.level, -one.narrowness, one.name), default=NO_RULE)
    return Grade(decided.level, decided, facts)


NO_RULE = Rule("none", Level.SLIGHT)
