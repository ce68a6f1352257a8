"""Which component is the likely root of an incident: those that show a sign are weighed, each by reasons that are told.

The weights say what counts more, not how sure one may be: that a component is broken itself and that all that fails
needs it count most; who moved first, what was changed on it shortly before, and how far its values moved come after.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mainstay.domain.correlation import MOVED

WINDOW = 6 * 3600.0
"""Seconds before the incident in which a change is a reason."""
CLEAR = 1.5
"""By so much the first must be ahead of the second, or it is not clear which of them it is."""

_FAILS, _NEEDED, _FIRST, _CHANGED, _MOVED = 3.0, 3.0, 2.0, 2.0, 2.0
_FAR = 10.0
"""A score from which on it makes no difference how far something moved."""


class Ground(StrEnum):
    """A reason for holding a component for the root."""

    FAILS = "fails"
    NEEDED = "needed"
    FIRST = "first"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Sign:
    """What is known of a component. ``first``: when it first showed something, seconds since 1970. ``changed``: when it
    was last changed before the incident. ``score``: of the series on it that moved most."""

    fails: bool = False
    first: float | None = None
    changed: float | None = None
    score: float = 0.0

    @property
    def shown(self) -> bool:
        return self.fails or self.changed is not None or self.score >= MOVED


@dataclass(frozen=True, slots=True)
class Suspect:
    """A component, its reasons with what each weighs, the heaviest first. ``needing``: how many failing ones need it;
    ``ahead``: seconds by which it showed something before all others."""

    component: int
    reasons: tuple[tuple[Ground, float], ...]
    needing: int = 0
    ahead: float = 0.0

    @property
    def weight(self) -> float:
        return sum(weight for _, weight in self.reasons)


def suspects(signs: Mapping[int, Sign], needs: Mapping[int, Collection[int]], moment: float) -> list[Suspect]:
    """Every component with a sign, the likeliest first. ``needs``: component → what it depends on directly."""
    below = {key: reached(key, needs) for key, sign in signs.items() if sign.fails}
    starts = sorted((sign.first, key) for key, sign in signs.items() if sign.first is not None)
    found = [_weighed(key, sign, below, _ahead(key, starts), moment) for key, sign in signs.items() if sign.shown]
    return sorted(found, key=lambda one: (-one.weight, one.component))


def is_clear(found: Sequence[Suspect]) -> bool:
    """Whether the first stands out from the others."""
    return bool(found) and (len(found) == 1 or found[0].weight - found[1].weight >= CLEAR)


def _weighed(key: int, sign: Sign, below: Mapping[int, set[int]], ahead: float, moment: float) -> Suspect:
    """``below``: failing component → all that it depends on."""
    reasons: list[tuple[Ground, float]] = []
    others = below.keys() - {key}
    needing = sum(key in below[other] for other in others)
    if sign.fails:
        reasons.append((Ground.FAILS, _FAILS))
    if needing:
        reasons.append((Ground.NEEDED, _NEEDED * needing / len(others)))
    if ahead > 0:
        reasons.append((Ground.FIRST, _FIRST))
    if sign.changed is not None and 0 <= moment - sign.changed <= WINDOW:
        reasons.append((Ground.CHANGED, _CHANGED * max(0.25, 1 - (moment - sign.changed) / WINDOW)))
    if sign.score >= MOVED:
        reasons.append((Ground.MOVED, _MOVED * min(1.0, sign.score / _FAR)))
    return Suspect(key, tuple(sorted(reasons, key=lambda one: -one[1])), needing, ahead)


def _ahead(key: int, starts: list[tuple[float, int]]) -> float:
    """Seconds by which it is the first of several; 0 where it is not, or is alone."""
    if len(starts) < 2 or starts[0][1] != key:
        return 0.0
    return starts[1][0] - starts[0][0]


def reached(start: int, needs: Mapping[int, Collection[int]]) -> set[int]:
    """All that a component depends on, over any number of steps."""
    found: set[int] = set()
    left = [*needs.get(start, ())]
    while left:
        key = left.pop()
        if key not in found and key != start:
            found.add(key)
            left += needs.get(key, ())
    return found
