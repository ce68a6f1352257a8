"""Category and level of an incident, by rule. The rule that decided is kept and shown.

The level of one failing check (1 severe, 2 partial, 3 slight):

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

from dataclasses import dataclass

from mainstay.domain.state import Impact, Level, State

_CRITICAL: dict[tuple[Impact, bool], tuple[int, int, int]] = {
    (Impact.OUTAGE, True): (1, 1, 2),
    (Impact.OUTAGE, False): (1, 2, 3),
    (Impact.DEGRADED, True): (2, 2, 3),
    (Impact.DEGRADED, False): (2, 2, 3),
    (Impact.RISK, True): (3, 3, 3),
    (Impact.RISK, False): (3, 3, 3),
}


@dataclass(frozen=True, slots=True)
class Grade:
    """A level, and the facts that made it."""

    level: Level
    tier: int
    impact: Impact
    state: State
    in_hours: bool


def grade(tier: int, impact: Impact, state: State, in_hours: bool) -> Grade:
    """The level of one failing check. Raises ValueError for a tier other than 1, 2, 3."""
    if tier not in (1, 2, 3):
        raise ValueError(f"tier {tier} does not exist; there are 1, 2 and 3")
    if state is State.UNKNOWN:
        return Grade(Level.SLIGHT, tier, impact, state, in_hours)
    level = _CRITICAL[impact, in_hours][tier - 1]
    if state is State.WARNING:
        level = min(3, level + 1)
    return Grade(Level(level), tier, impact, state, in_hours)
