"""What an escalation does next, given what it has done so far.

Every wait counts from when the step before was really taken: after a time in which nobody was there to take steps it
goes on where it stopped, one step after the other, and nothing that was missed is made up for all at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mainstay.domain import on_call
from mainstay.domain.calendar import Hours, parse_hours
from mainstay.domain.duration import parse_duration

MOST_REMINDERS = 96
"""Of one incident: a day of them at every quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Step:
    """Who is called, so long after the step before."""

    targets: tuple[str, ...]
    after: timedelta
    hours: Hours
    zone: ZoneInfo

    def is_open(self, at: datetime) -> bool:
        """Whether its hours let it be taken."""
        return self.hours.contains(at, self.zone)


@dataclass(frozen=True, slots=True)
class Chain:
    """An escalation as it is reckoned with."""

    steps: tuple[Step, ...]
    repeat: int
    again: timedelta
    remind: timedelta | None
    nobody: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """A move that was made. ``reached``: somebody was called."""

    round: int
    step: int
    reminder: int
    at: datetime
    reached: bool


@dataclass(frozen=True, slots=True)
class Move:
    """A move to make: a step of a round, from 0, or the so-many-th reminder of it."""

    round: int
    step: int
    reminder: int
    at: datetime


def chain_of(escalation: on_call.Escalation) -> Chain:
    """What a user wrote."""
    return Chain(
        tuple(
            Step(tuple(one.call), _span(one.after), parse_hours(one.during), ZoneInfo(one.timezone))
            for one in escalation.steps
        ),
        escalation.repeat, _span(escalation.again), _span(escalation.remind) if escalation.remind else None,
        tuple(escalation.nobody),
    )  # fmt: skip


def _span(text: str) -> timedelta:
    return timedelta(seconds=parse_duration(text))


def next_move(chain: Chain, since: datetime, history: Sequence[Taken]) -> Move | None:
    """What comes next if nobody takes the incident on, and when; None when all is done. ``history`` in its order."""
    moves = [move for move in (_next_step(chain, since, history), _next_reminder(chain, history)) if move]
    return min(moves, key=lambda move: (move.at, move.reminder), default=None)


def step_now(chain: Chain, since: datetime, history: Sequence[Taken], now: datetime) -> Move | None:
    """The step that would come next, taken without its wait: because nobody should be waited for. None when all are
    taken."""
    move = _next_step(chain, since, history)
    return Move(move.round, move.step, move.reminder, now) if move is not None else None


def _next_step(chain: Chain, since: datetime, history: Sequence[Taken]) -> Move | None:
    steps = [one for one in history if not one.reminder]
    if not steps:
        return Move(0, 0, 0, since + chain.steps[0].after)
    last = steps[-1]
    if last.step + 1 < len(chain.steps):
        wait = chain.steps[last.step + 1].after if last.reached else timedelta()  # nobody heard: no reason to wait
        return Move(last.round, last.step + 1, 0, last.at + wait)
    return Move(last.round + 1, 0, 0, last.at + chain.again) if last.round < chain.repeat else None


def _next_reminder(chain: Chain, history: Sequence[Taken]) -> Move | None:
    reached = [one for one in history if one.reached]
    if chain.remind is None or not reached:
        return None
    last, count = reached[-1], sum(bool(one.reminder) for one in history)
    if count >= MOST_REMINDERS:
        return None
    return Move(last.round, last.step, last.reminder + 1, last.at + chain.remind)


def due(chain: Chain, since: datetime, history: Sequence[Taken], now: datetime) -> Move | None:
    """The move to make now. A reminder waits until the hours of its step are open."""
    move = next_move(chain, since, history)
    if move is not None and move.reminder and not chain.steps[move.step].is_open(now):
        move = _next_step(chain, since, history)
    return move if move is not None and move.at <= now else None


def course(chain: Chain, since: datetime, reaches: Callable[[int, datetime], bool]) -> list[Move]:
    """All steps, if nobody ever takes it on; reminders are left out. ``reaches``: whether a step finds somebody at a
    moment."""
    quiet = Chain(chain.steps, chain.repeat, chain.again, None, chain.nobody)
    moves: list[Move] = []
    history: list[Taken] = []
    while (move := next_move(quiet, since, history)) is not None:
        moves.append(move)
        reached = chain.steps[move.step].is_open(move.at) and reaches(move.step, move.at)
        history.append(Taken(move.round, move.step, 0, move.at, reached))
    return moves
