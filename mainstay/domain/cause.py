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
_EXPLAINED = 0.4
"""What is left of the weight of a component when something that it depends on showed a sign no later."""
_SHARE = 0.25
"""Of the largest score: what moved less far counts neither as first nor as an explanation."""


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
    ``ahead``: seconds by which it showed something before all others; ``explained_by``: what it depends on and showed
    something no later, so that its own reasons weigh less."""

    component: int
    reasons: tuple[tuple[Ground, float], ...]
    needing: int = 0
    ahead: float = 0.0
    explained_by: int | None = None

    @property
    def weight(self) -> float:
        whole = sum(weight for _, weight in self.reasons)
        return whole if self.explained_by is None else _EXPLAINED * whole


def suspects(signs: Mapping[int, Sign], needs: Mapping[int, Collection[int]], moment: float) -> list[Suspect]:
    """Every component with a sign, the likeliest first. ``needs``: component → what it depends on directly."""
    below = {key: reached(key, needs) for key in signs}
    furthest = max(MOVED, *(sign.score for sign in signs.values())) if signs else MOVED
    begun = {key: sign.first for key, sign in signs.items() if sign.first is not None and _strong(sign, furthest)}
    found = [_weighed(key, _Case(signs, below, begun, furthest), moment) for key, sign in signs.items() if sign.shown]
    return sorted(found, key=lambda one: (-one.weight, one.component))


def is_clear(found: Sequence[Suspect]) -> bool:
    """Whether the first stands out from the others."""
    return bool(found) and (len(found) == 1 or found[0].weight - found[1].weight >= CLEAR)


@dataclass(frozen=True, slots=True)
class _Case:
    """``below``: component → all that it depends on; ``begun``: when those with a strong sign first showed it;
    ``furthest``: the largest score."""

    signs: Mapping[int, Sign]
    below: Mapping[int, set[int]]
    begun: Mapping[int, float]
    furthest: float


def _strong(sign: Sign, furthest: float) -> bool:
    """What trembles along with the rest neither began it nor explains it."""
    return sign.fails or sign.score >= max(MOVED, _SHARE * furthest)


def _weighed(key: int, case: _Case, moment: float) -> Suspect:
    sign, reasons = case.signs[key], list[tuple[Ground, float]]()
    others = [other for other, one in case.signs.items() if one.fails and other != key]
    needing = sum(key in case.below[other] for other in others)
    ahead = _ahead(key, case.begun)
    if sign.fails:
        reasons.append((Ground.FAILS, _FAILS))
    if needing:
        reasons.append((Ground.NEEDED, _NEEDED * needing / len(others)))
    if ahead > 0:
        reasons.append((Ground.FIRST, _FIRST))
    if sign.changed is not None and 0 <= moment - sign.changed <= WINDOW:
        reasons.append((Ground.CHANGED, _CHANGED * max(0.25, 1 - (moment - sign.changed) / WINDOW)))
    if sign.score >= MOVED:
        reasons.append((Ground.MOVED, _MOVED * sign.score / case.furthest))
    told = tuple(sorted(reasons, key=lambda one: -one[1]))
    return Suspect(key, told, needing, ahead, _explained_by(key, case))


def _explained_by(key: int, case: _Case) -> int | None:
    """Of what it depends on the one that showed something first, if that was no later than the component itself."""
    earlier = [(case.begun[one], one) for one in case.below[key] if one in case.begun]
    own = case.signs[key].first
    return min(earlier)[1] if earlier and (own is None or min(earlier)[0] <= own) else None


def _ahead(key: int, begun: Mapping[int, float]) -> float:
    """Seconds by which it is the first of several; 0 where it is not, or is alone."""
    others = [at for other, at in begun.items() if other != key]
    return max(0.0, min(others) - begun[key]) if others and key in begun else 0.0


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
