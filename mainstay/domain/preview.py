"""What another rule would have said: the samples of the past, replayed through the machine that judges them.

A look that gave numbers is known by them. A look that failed left no number, only the state change that followed: in
such a recorded stretch looks that failed are put in at the check's pace, where no sample says that one was taken. What
this cannot know: failures too few to change the state, failures while the check was in that state for another reason
or out of its hours, and that a failed look with numbers (a page that answers 500 in 20 ms) failed, before it counted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise

from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.state import State
from mainstay.domain.state_machine import Memory, Rule, judge, lost

GRAIN = 0.002
"""Seconds within which a sample and a state change are of one look: samples are kept to the millisecond."""

Band = tuple[float, float, State]
"""From when to when (seconds since 1970) which state held."""


@dataclass(frozen=True, slots=True)
class Look:
    """The numbers of one look; ``at`` in seconds since 1970."""

    at: float
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Failure:
    """A recorded stretch that began with looks that failed, or, without a problem, because none came at all."""

    start: float
    end: float
    state: State
    problem: Problem | None

    def covers(self, at: float) -> bool:
        return self.start - GRAIN <= at < self.end - GRAIN

    def reading(self, values: Mapping[str, float]) -> Reading:
        """A look that failed in this way."""
        return Reading(values, self.problem, blind=self.state is State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Turn:
    """A recorded change into a state; ``failed`` says that no number was its reason, but the ``problem``, or that
    nothing came."""

    at: float
    state: State
    failed: bool = False
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """All that is known of a check's looks, in order. ``every`` in seconds; ``memory`` is from before the first."""

    looks: Sequence[Look]
    failures: Sequence[Failure]
    every: float
    memory: Memory = field(default_factory=Memory)


@dataclass(frozen=True, slots=True)
class Event:
    """A look as it is replayed; ``reading`` None: no sample for too long. ``failed`` looks before it failed too."""

    at: float
    reading: Reading | None
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which the check was warning or critical without a break."""

    start: float
    end: float
    worst: State


@dataclass(frozen=True, slots=True)
class Course:
    """What happened, or would have happened, in a span of time."""

    bands: tuple[Band, ...]

    @property
    def stretches(self) -> list[Stretch]:
        """Unknown is neither well nor firing."""
        found = []
        for firing, run in groupby(self.bands, key=lambda band: band[2] in (State.WARNING, State.CRITICAL)):
            if firing:
                bands = list(run)
                worst = max((band[2] for band in bands), key=lambda state: state.rank)
                found.append(Stretch(bands[0][0], bands[-1][1], worst))
        return found

    @property
    def seconds(self) -> dict[State, float]:
        """How long each state held."""
        return {state: sum(end - start for start, end, one in self.bands if one is state) for state in State}


def gathered(looks: Sequence[Look], turns: Sequence[Turn], end: float, every: float, memory: Memory) -> Past:
    """The past up to ``end`` from what is kept of it. A change into ok of which no sample is known was a look out of
    the check's hours: it is put in as one without numbers."""
    ends = [*(turn.at for turn in turns[1:]), end]
    failures = [
        Failure(turn.at, until, turn.state, turn.problem)
        for turn, until in zip(turns, ends, strict=False) if turn.failed
    ]  # fmt: skip
    known = {round(look.at, 3) for look in looks}
    unseen = [Look(turn.at, {}) for turn in turns if turn.state is State.OK and round(turn.at, 3) not in known]
    return Past(sorted([*looks, *unseen], key=lambda look: look.at), failures, every, memory)


def retrace(past: Past, present: Rule) -> list[Event]:
    """Every look that is known, those that failed among them, told apart by the rule under which they were judged:
    where a sample lies in a recorded failure and its numbers would have changed the state, that look failed."""
    memory, events = past.memory, []
    for at, look, failure, first in _timeline(past):
        values = look.values if look else {}
        if failure is None or (look and not first and _good(memory, look, present, failure.state)):
            event = Event(at, Reading(values))
        elif failure.problem is None:
            event = Event(at, None)
        else:
            event = Event(at, failure.reading(values), present.failures - 1 if first else 0)
        events.append(event)
        memory = _next(memory, event, present)
    return events


def _good(memory: Memory, look: Look, rule: Rule, recorded: State) -> bool:
    return _next(memory, Event(look.at, Reading(look.values)), rule).state is recorded


def _timeline(past: Past) -> Iterator[tuple[float, Look | None, Failure | None, bool]]:
    """Samples and put-in failures in order; the last says whether a look is the first of its failure."""
    looks = iter(past.looks)
    look = next(looks, None)
    for failure in past.failures:
        while look and look.at < failure.start - GRAIN:
            yield look.at, look, None, False
            look = next(looks, None)
        inside = []
        while look and failure.covers(look.at):
            inside.append(look)
            look = next(looks, None)
        yield from _inside(failure, inside, past.every)
    while look:
        yield look.at, look, None, False
        look = next(looks, None)


def _inside(
    failure: Failure, looks: list[Look], every: float
) -> Iterator[tuple[float, Look | None, Failure | None, bool]]:
    first = looks[0] if looks and looks[0].at <= failure.start + GRAIN else None
    yield failure.start, first, failure, True
    if failure.problem is None:  # nothing came; whatever did come is a look like any other
        yield from ((look.at, look, None, False) for look in looks if look is not first)
        return
    rest: list[Look | None] = [look for look in looks if look is not first]
    for before, after in pairwise([first, *rest, None]):
        at = before.at if before else failure.start
        until = after.at if after else failure.end
        if failure.problem.fault is not Fault.FINDING:  # such a look gives its numbers, so that none is missing
            yield from ((put_in, None, failure, False) for put_in in _steps(at, until, every))
        if after:
            yield after.at, after, failure, False


def _steps(start: float, end: float, every: float) -> Iterator[float]:
    """Between two looks, where there is room for one."""
    at = start + every
    while at < end - every / 2:
        yield at
        at += every


def _next(memory: Memory, event: Event, rule: Rule) -> Memory:
    if event.reading is None:
        return lost(memory).memory
    if event.failed > memory.failed:
        memory = replace(memory, failed=event.failed)
    return judge(memory, event.reading, rule, event.at).memory


def replay(events: Iterable[Event], rule: Rule, memory: Memory, start: float, end: float) -> Course:
    """What ``rule`` says of the events; told from ``start`` (what lies before it warms up) to ``end``."""
    changes: list[tuple[float, State]] = []
    for event in events:
        if event.at > end:
            break
        memory = _next(memory, event, rule)
        if not changes or changes[-1][1] is not memory.state:
            changes.append((event.at, memory.state))
    return Course(tuple(_bands(changes, start, end)))


def _bands(changes: Sequence[tuple[float, State]], start: float, end: float) -> Iterator[Band]:
    for (at, state), (until, _) in pairwise([*changes, (end, State.UNKNOWN)]):
        if until > max(at, start):
            yield max(at, start), until, state


def recorded(bands: Iterable[Band]) -> Course:
    """What is on record, in the same form; neighbours of one state are joined."""
    changes: list[tuple[float, State]] = []
    until = 0.0
    for start, end, state in bands:
        if not changes or changes[-1][1] is not state:
            changes.append((start, state))
        until = end
    return Course(tuple(_bands(changes, changes[0][0] if changes else 0.0, until)))
