"""What comes next in a run: decided from its plan and from what is written down of its steps, and from nothing else.

So it does not matter who asks, how often, or what died meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from mainstay.domain.run_plan import Node, every


class StepState(StrEnum):
    """``STARTED``: somebody does it. ``WAITING``: looked at again at ``due``. ``ASKING``: a person has to say
    something, until ``due``. ``RETRY``: failed, again at ``due``. ``DOUBTFUL``: it may have run."""

    STARTED = "started"
    WAITING = "waiting"
    ASKING = "asking"
    RETRY = "retry"
    DOUBTFUL = "doubtful"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class RunState(StrEnum):
    """``STOPPED``: a step failed, a person decides how to go on. ``UNDOING``: what was done is being undone."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    UNDOING = "undoing"
    DONE = "done"
    CANCELLED = "cancelled"
    UNDONE = "undone"


OPEN = (RunState.RUNNING, RunState.PAUSED, RunState.STOPPED, RunState.UNDOING)
TIMED = (StepState.WAITING, StepState.RETRY, StepState.ASKING)


class Wish(StrEnum):
    """What a person wants of a run as a whole."""

    GO = ""
    PAUSE = "pause"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Fact:
    """What is written down of a step. ``ended``: the how manieth it was to end."""

    state: StepState
    due: datetime | None = None
    ended: int = 0


@dataclass(frozen=True, slots=True)
class Outlook:
    """``begin``: steps to begin, or to go on with, now. ``wake``: when to look again though nobody knocks."""

    state: RunState
    begin: tuple[Node, ...] = ()
    wake: datetime | None = None
    undoing: bool = False


Facts = Mapping[str, Fact]


def outlook(
    nodes: Sequence[Node], facts: Facts, now: datetime, *, wish: Wish = Wish.GO, undoing: bool = False
) -> Outlook:
    """How the run stands. ``undoing``: that it is undone was decided before."""
    busy = any(fact.state is StepState.STARTED for fact in facts.values())
    forward = _Walk(facts)
    forward.sequence(nodes)
    undoing = undoing or forward.to_undo
    moving = RunState.UNDOING if undoing else RunState.RUNNING
    if wish is Wish.CANCEL:
        return Outlook(moving if busy else RunState.CANCELLED, undoing=undoing)
    walk, over = forward, RunState.DONE
    if undoing:
        walk, over = _Walk(facts), RunState.UNDONE
        if not busy:  # what is under way ends first, or it would be undone before it was done
            walk.sequence(undoing_steps(nodes, facts))
    if wish is Wish.PAUSE:
        return Outlook(moving if busy else RunState.PAUSED, undoing=undoing)
    if walk.stopped:
        return Outlook(moving if busy else RunState.STOPPED, undoing=undoing)
    if walk.settled and not busy:
        return Outlook(over, undoing=undoing)
    ready = tuple(node for node in walk.ready if _is_due(facts.get(node.path), now))
    dues = [fact.due for node in walk.ready if (fact := facts.get(node.path)) and fact.due and fact.due > now]
    return Outlook(moving, ready, min(dues, default=None), undoing)


def _is_due(fact: Fact | None, now: datetime) -> bool:
    """A step that asks is only looked at when its time is over; one that is started or in doubt not at all."""
    if fact is None:
        return True
    return fact.state in TIMED and fact.due is not None and fact.due <= now


class _Walk:
    """Goes through steps in their order as far as they are settled."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.ready: list[Node] = []
        self.stopped = self.to_undo = False
        self.settled = True

    def sequence(self, nodes: Sequence[Node]) -> bool:
        """Whether all of it is settled."""
        for node in nodes:
            if not self._settled(node):
                self.settled = False
                return False
        return True

    def _settled(self, node: Node) -> bool:
        fact = self._facts.get(node.path)
        if fact is None or fact.state in TIMED:
            self.ready.append(node)
            return False
        if fact.state is StepState.SKIPPED:
            return True
        if fact.state is StepState.DONE:
            settled = [self.sequence(branch) for branch in node.branches]  # each of them, not only up to the first
            return all(settled)
        if fact.state is StepState.FAILED:
            self.stopped |= node.on_failure == "stop"
            self.to_undo |= node.on_failure == "roll-back"
            return node.on_failure == "skip"
        return False


def undoing_steps(nodes: Sequence[Node], facts: Facts) -> list[Node]:
    """What undoes what was done, the last first. A step that failed is undone too: it may be half done."""
    touched = [
        (facts[node.path].ended, node)
        for node in every(tuple(nodes))
        if node.rollback and node.path in facts and facts[node.path].state in (StepState.DONE, StepState.FAILED)
    ]
    return [undo for _, node in sorted(touched, key=lambda one: -one[0]) for undo in node.rollback]


def after_kill(state: StepState, *, repeatable: bool) -> StepState:
    """What becomes of a step whose doer is gone: it may have run, or not, or half."""
    if state is not StepState.STARTED:
        return state
    return StepState.RETRY if repeatable else StepState.DOUBTFUL


def as_facts(rows: Sequence[Mapping[str, Any]]) -> dict[str, Fact]:
    """From rows with path, state, due, ended."""
    return {str(row["path"]): Fact(StepState(row["state"]), row["due"], row["ended"] or 0) for row in rows}
