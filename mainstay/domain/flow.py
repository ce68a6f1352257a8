"""A business flow: where the cases are, which stay too long, which left the path, and what money waits in them."""

import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

SHOWN = 20
"""Stuck and oldest cases that are kept as evidence."""
DAY = 86400.0

Words = str | Mapping[str, str]
"""In one form for all, or by language."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A state on the path. ``longest`` is the stay that is still fine, in seconds; None means any. An ``optional``
    one may be left out. ``title``: what people call it, by language."""

    name: str
    longest: float | None = None
    final: bool = False
    optional: bool = False
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """Something on its way: an order, a payment. ``entered`` in seconds since 1970."""

    name: str
    state: str
    entered: float
    amount: float = 0.0
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A case entered a state at a time (seconds since 1970)."""

    case: str
    state: str
    at: float


@dataclass(frozen=True, slots=True)
class Place:
    """One stage with what is in it. Stays in seconds; ``latency`` are the median and the 95th percentile of the stays
    that ended within the history, None without enough of them."""

    stage: Stage
    cases: int
    amount: float
    oldest: float
    stuck: int
    stuck_amount: float
    latency: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Detour:
    """A step that left out a stage or went back."""

    case: str
    before: str
    after: str
    at: float
    backward: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole flow at one moment, and what happened within ``window`` seconds before it: the steps off the path, the
    newest first, and how many cases an hour reached a final stage (None while the history is too short to say).
    ``moves`` counts all steps of the history."""

    places: tuple[Place, ...]
    elsewhere: Mapping[str, int]
    stuck: tuple[Case, ...]
    oldest: tuple[Case, ...]
    detours: tuple[Detour, ...]
    moves: Mapping[tuple[str, str], int]
    throughput: float | None
    window: float

    @property
    def open(self) -> int:
        return sum(place.cases for place in self.places if not place.stage.final)


def analyse(
    stages: Sequence[Stage], cases: Iterable[Case], steps: Iterable[Step], now: float, window: float = DAY
) -> Picture:
    """Look at all cases and their history at the moment ``now`` (seconds since 1970)."""
    known = {stage.name: stage for stage in stages}
    by_state: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_state[case.state].append(case)
    ordered = _ordered(steps, [stage.name for stage in stages])
    latency = _latencies(ordered)
    places = tuple(_place(stage, by_state[stage.name], latency.get(stage.name), now) for stage in stages)
    running = [case for stage in stages if not stage.final for case in by_state[stage.name]]
    stuck = sorted((case for case in running if _is_stuck(case, known[case.state], now)), key=_by_money, reverse=True)
    detours = [one for one in _detours(stages, ordered) if one.at > now - window]
    return Picture(
        places=places,
        elsewhere={state: len(found) for state, found in by_state.items() if state not in known},
        stuck=tuple(stuck),
        oldest=tuple(heapq.nsmallest(SHOWN, running, key=lambda case: case.entered)),
        detours=tuple(sorted(detours, key=lambda one: -one.at)),
        moves=_moves(ordered),
        throughput=_throughput(known, ordered, now, window),
        window=window,
    )


def _is_stuck(case: Case, stage: Stage, now: float) -> bool:
    return stage.longest is not None and now - case.entered > stage.longest


def _by_money(case: Case) -> tuple[float, float]:
    return case.amount, -case.entered


def _place(stage: Stage, cases: Sequence[Case], stays: Sequence[float] | None, now: float) -> Place:
    stuck = [] if stage.final else [case for case in cases if _is_stuck(case, stage, now)]
    return Place(
        stage=stage,
        cases=len(cases),
        amount=sum(case.amount for case in cases),
        oldest=max((now - case.entered for case in cases), default=0.0),
        stuck=len(stuck),
        stuck_amount=sum(case.amount for case in stuck),
        latency=_percentiles(stays),
    )


def _percentiles(stays: Sequence[float] | None) -> tuple[float, float] | None:
    if not stays or len(stays) < 5:
        return None
    cuts = quantiles(stays, n=20, method="inclusive")
    return cuts[9], cuts[18]


def _ordered(steps: Iterable[Step], path: Sequence[str]) -> dict[str, list[Step]]:
    """Each case's steps by time; those of one instant (one transaction may take several) in the order of the path."""
    place = {name: number for number, name in enumerate(path)}
    by_case: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        by_case[step.case].append(step)
    return {
        case: sorted(found, key=lambda step: (step.at, place.get(step.state, len(place))))
        for case, found in by_case.items()
    }


def _latencies(ordered: Mapping[str, Sequence[Step]]) -> dict[str, list[float]]:
    stays: dict[str, list[float]] = defaultdict(list)
    for steps in ordered.values():
        for one, after in itertools.pairwise(steps):
            stays[one.state].append(after.at - one.at)
    return stays


def _moves(ordered: Mapping[str, Sequence[Step]]) -> Counter[tuple[str, str]]:
    return Counter((one.state, after.state) for steps in ordered.values() for one, after in itertools.pairwise(steps))


def _detours(stages: Sequence[Stage], ordered: Mapping[str, Sequence[Step]]) -> Iterable[Detour]:
    """Steps that go back, or pass over a stage that is not optional. States outside the path are passed over."""
    place = {stage.name: number for number, stage in enumerate(stages)}
    for steps in ordered.values():
        known = [step for step in steps if step.state in place]
        for one, after in itertools.pairwise(known):
            start, end = place[one.state], place[after.state]
            if end < start or any(not stage.optional for stage in stages[start + 1 : end]):
                yield Detour(one.case, one.state, after.state, after.at, end < start)


def _throughput(
    known: Mapping[str, Stage], ordered: Mapping[str, Sequence[Step]], now: float, window: float
) -> float | None:
    begin = max(now - window, min((steps[0].at for steps in ordered.values()), default=now))
    if now - begin < 60:
        return None
    ended = sum(
        any(step.at > begin and step.state in known and known[step.state].final for step in steps)
        for steps in ordered.values()
    )
    return ended / ((now - begin) / 3600)


ROWS = ("stuck", "oldest", "detours")
"""Parts of what is drawn that hold single cases."""


def drawn(picture: Picture, now: float) -> dict[str, Any]:
    """The picture as plain data for a page and an API. Times in seconds, amounts in the data's own currency."""
    return {
        "stages": [
            {
                "name": place.stage.name, "title": dict(place.stage.title), "longest": place.stage.longest,
                "final": place.stage.final, "optional": place.stage.optional,
                "cases": place.cases, "amount": place.amount, "oldest": place.oldest, "stuck": place.stuck,
                "stuck_amount": place.stuck_amount,
                "p50": place.latency[0] if place.latency else None, "p95": place.latency[1] if place.latency else None,
            }
            for place in picture.places
        ],
        "elsewhere": dict(picture.elsewhere),
        "moves": [{"from": one, "to": after, "count": count} for (one, after), count in sorted(picture.moves.items())],
        "stuck": [_shown(case, now) for case in picture.stuck[:SHOWN]],
        "oldest": [_shown(case, now) for case in picture.oldest],
        "detours": [
            {"case": one.case, "from": one.before, "to": one.after, "at": one.at, "backward": one.backward}
            for one in picture.detours[:SHOWN]
        ],
        "open": picture.open,
        "throughput": picture.throughput,
        "window": picture.window,
    }  # fmt: skip


def called(stages: Iterable[Stage]) -> dict[str, Words]:
    """What people call each state that has a title, by its name."""
    return {stage.name: dict(stage.title) for stage in stages if stage.title}


def step_words(before: str, after: str, titles: Mapping[str, Words]) -> Words:
    """A step from one state to another, by language where either has a title."""
    if before not in titles and after not in titles:
        return f"{before} → {after}"
    spoken = {language for name in (before, after) for language in titles.get(name, {})}
    return {one: " → ".join(_in(one, name, titles) for name in (before, after)) for one in sorted(spoken)}


def _in(language: str, name: str, titles: Mapping[str, Words]) -> str:
    words = titles.get(name, name)
    return words if isinstance(words, str) else words.get(language) or name


def _shown(case: Case, now: float) -> dict[str, Any]:
    return {
        "case": case.name, "state": case.state, "amount": case.amount, "age": now - case.entered, "actor": case.actor,
    }  # fmt: skip
