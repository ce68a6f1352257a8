"""The facts of an incident for its review: worked out from the record, typed by nobody."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from mainstay.domain.chunk import Floats
from mainstay.domain.objective import Band
from mainstay.domain.span import total_length
from mainstay.domain.state import State

Series = tuple[Floats, Floats]
"""Times in seconds since 1970, and values, in order."""
_MOMENTS = ("began_at", "opened_at", "acknowledged_at", "resolved_at")


@dataclass(frozen=True, slots=True)
class Damage:
    """``most``: the largest number at one moment, of all series together. ``more``: how much was added, summed over the
    rises; what left in between and came again counts again. None where nothing counts it."""

    most: float | None = None
    more: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """``began_at``: the first look that was not well, None where no check saw it. ``runs``: how often it was open.
    ``down``: seconds in which a check of it whose failing means an outage was critical; ``impaired``: in which any
    check of it was not well."""

    began_at: datetime | None
    opened_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime
    runs: int
    down: float
    impaired: float
    stuck: Damage
    money: Damage

    @property
    def detection(self) -> float | None:
        """Seconds from the first sign to the incident."""
        return None if self.began_at is None else max(0.0, (self.opened_at - self.began_at).total_seconds())

    @property
    def acknowledge(self) -> float | None:
        """Seconds from the incident until somebody took it on, the first time."""
        return None if self.acknowledged_at is None else (self.acknowledged_at - self.opened_at).total_seconds()

    @property
    def resolve(self) -> float:
        """Seconds from the incident until it was over for good."""
        return (self.resolved_at - self.opened_at).total_seconds()

    def plain(self) -> dict[str, Any]:
        """As it is kept: moments as text."""
        found = asdict(self)
        return found | {key: found[key].isoformat() if found[key] else None for key in _MOMENTS}


def facts_of(plain: Mapping[str, Any]) -> Facts:
    """What ``plain`` kept."""
    moments = {key: datetime.fromisoformat(plain[key]) if plain[key] else None for key in _MOMENTS}
    damage = {key: Damage(**plain[key]) for key in ("stuck", "money")}
    return Facts(**{**plain, **moments, **damage})


def first_bad(changed: float, every: float, failures: int, looks: Sequence[tuple[float, bool | None]]) -> float | None:
    """When the first look was taken of those that led to a change at ``changed``; all in seconds since 1970. None where
    several must have failed and nothing is on record of any.

    ``looks`` before the change, the oldest first, each with whether it was well; None where its values do not tell.
    A look that fails often leaves no values, so a gap before the change begins with the look that was due in it.
    """
    before = [one for one in looks if one[0] < changed - 0.001]
    if not before:
        return changed if failures == 1 else None
    if before[-1][1] is False:
        place = len(before)
        while place and before[place - 1][1] is False:
            place -= 1
        return before[place][0]
    last = before[-1][0]
    if changed - last > every:
        return last + every
    unwell = before[-(failures - 1)] if 1 < failures <= len(before) else (changed, None)
    return changed if unwell[1] else unwell[0]


def damage(series: Sequence[Series], start: float, end: float) -> Damage:
    """Of numbers that stand until the next sample: what they came to between two moments (seconds since 1970)."""
    if not any(len(at) for at, _ in series):
        return Damage()
    turns: dict[float, list[tuple[int, float]]] = defaultdict(list)
    more = 0.0
    for number, (at, values) in enumerate(series):
        before: float | None = None
        for when, value in zip(at.tolist(), values.tolist(), strict=True):
            if when > end:
                break
            if before is not None and when > start:
                more += max(0.0, value - before)
            before = value
            turns[max(when, start)].append((number, value))
    held: dict[int, float] = {}
    most = 0.0
    for when in sorted(turns):
        held.update(turns[when])
        most = max(most, sum(held.values()))
    return Damage(most, more)


def worse(one: Damage, other: Damage) -> Damage:
    """The larger of both in each figure: they may speak of the same orders, and a sum would count those twice."""
    return Damage(_larger(one.most, other.most), _larger(one.more, other.more))


def _larger(one: float | None, other: float | None) -> float | None:
    known = [value for value in (one, other) if value is not None]
    return max(known) if known else None


def held(bands: Iterable[Band], states: Iterable[State], start: datetime, end: datetime) -> float:
    """Seconds in which any of the bands had one of these states."""
    wanted = set(states)
    return total_length(
        (max(begin, start).timestamp(), min(stop, end).timestamp())
        for begin, stop, state in bands
        if state in wanted and stop > start and begin < end
    )


LEAD = timedelta(hours=1)
"""Before the first sign numbers are read from so far back, to know how they stood; or from three looks back."""
