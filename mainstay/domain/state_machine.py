"""From readings to states: the machine that every check runs through. Written once, for every kind of check.

A reading gives a *verdict* (what this one look says). The machine turns verdicts into a *state*: a failure must be
seen ``failures`` times in a row, a condition must hold as long as it says, a threshold is left only past its
``clear``, and a state that changes too often is called flapping and is held at its worst until it calms down.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from mainstay.domain.calendar import ALWAYS, NO_BOOK, DayBook, Hours
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.state import State
from mainstay.domain.threshold import Condition

FLAP_WINDOW = 21
"""Verdicts that are looked back on, and the weighted share of changes among them that starts and ends flapping:
the figures and the weights of Nagios' documentation, "Detection and Handling of State Flapping"."""
FLAP_START, FLAP_END = 0.30, 0.20


@dataclass(frozen=True, slots=True)
class Rule:
    """How one check is judged. ``primary`` is the metric that a bare condition is about; ``*`` the first one read,
    where the target names its metrics itself."""

    primary: str = ""
    warn: tuple[Condition, ...] = ()
    crit: tuple[Condition, ...] = ()
    failures: int = 2
    hours: Hours = ALWAYS
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    book: DayBook = NO_BOOK
    flapping: bool = True


@dataclass(frozen=True, slots=True)
class Why:
    """The reason of a verdict: a problem that the probe named, or the condition that held and the value seen."""

    problem: Problem | None = None
    condition: str = ""
    metric: str = ""
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What must be remembered between two looks. ``holding`` maps a condition's text to when it began to hold
    (seconds since 1970); ``verdicts`` are the newest last, at most FLAP_WINDOW of them."""

    state: State = State.UNKNOWN
    failed: int = 0
    holding: dict[str, float] = field(default_factory=dict)
    verdicts: str = ""
    flapping: bool = False


class Judgement(NamedTuple):
    """What to remember, the state now, why it is not ok, and whether the state changed."""

    memory: Memory
    why: Why | None
    changed: bool
    urgent: bool = False  # the first of several failures: look again soon instead of at the next slot

    @property
    def state(self) -> State:
        return self.memory.state


def judge(memory: Memory, reading: Reading, rule: Rule, at: float) -> Judgement:
    """Judge one reading taken at ``at`` (seconds since 1970)."""
    if rule.hours.spans and not rule.hours.contains(datetime.fromtimestamp(at, UTC), rule.zone, rule.book):
        return _settle(replace(memory, failed=0, holding={}), State.OK, None, rule)
    if reading.problem is not None and not _left_to_conditions(reading.problem, rule):
        return _judge_problem(memory, reading, rule)
    holding, verdict, why = _judge_values(memory, reading, rule, at)
    if memory.failed or memory.holding != holding:
        memory = replace(memory, failed=0, holding=holding)
    return _settle(memory, verdict, why, rule)


def judge_alone(reading: Reading, rule: Rule, at: float) -> Judgement:
    """What a single look says: the first failure counts, conditions need not last, at any hour."""
    warn, crit = (tuple(replace(one, hold=0.0) for one in side) for side in (rule.warn, rule.crit))
    alone = replace(rule, warn=warn, crit=crit, failures=1, hours=ALWAYS, flapping=False)
    return judge(Memory(), reading, alone, at)


def _left_to_conditions(problem: Problem, rule: Rule) -> bool:
    """How many findings are bad is for the check to say, where it says it."""
    return problem.fault is Fault.FINDING and bool(rule.warn or rule.crit)


def _judge_problem(memory: Memory, reading: Reading, rule: Rule) -> Judgement:
    failed = min(memory.failed + 1, rule.failures)
    memory = replace(memory, failed=failed)
    why = Why(problem=reading.problem)
    if failed < rule.failures:
        return Judgement(memory, why, changed=False, urgent=True)
    return _settle(memory, _verdict(reading), why, rule)


def _verdict(reading: Reading) -> State:
    if reading.blind or reading.problem is None:
        return State.UNKNOWN
    return State.WARNING if reading.problem.warning else State.CRITICAL


def _judge_values(
    memory: Memory, reading: Reading, rule: Rule, at: float
) -> tuple[dict[str, float], State, Why | None]:
    holding: dict[str, float] = {}
    worst, why = State.OK, None
    primary = next(iter(reading.values), "") if rule.primary == "*" else rule.primary
    for state, conditions in ((State.WARNING, rule.warn), (State.CRITICAL, rule.crit)):
        for condition in conditions:
            began = memory.holding.get(condition.text)
            already = began is not None and at - began >= condition.hold  # until then nothing is there to be cleared
            if not condition.holds(reading.values, primary, already):
                continue
            since = holding[condition.text] = at if began is None else began
            if at - since >= condition.hold:
                metric = condition.metric or primary
                worst, why = (
                    state,
                    Why(condition=condition.text, metric=metric, value=reading.values.get(metric)),
                )
    return holding, worst, why


def _settle(memory: Memory, verdict: State, why: Why | None, rule: Rule) -> Judgement:
    """Damp flapping, then see whether the state is another than before."""
    letter = _LETTER[verdict]
    calm = memory.verdicts != "" and not memory.verdicts.strip(letter)  # one letter says as much as many alike
    if calm and verdict is memory.state and not memory.flapping:
        return Judgement(memory, why, changed=False)
    verdicts = (memory.verdicts + letter)[-FLAP_WINDOW:]
    flapping = rule.flapping and _flaps(verdicts, memory.flapping)
    state = max(verdict, memory.state, key=lambda one: one.rank) if flapping else verdict
    after = replace(memory, state=state, verdicts=verdicts, flapping=flapping)
    return Judgement(after, why, changed=state is not memory.state or flapping is not memory.flapping)


_LETTER = {State.OK: "o", State.WARNING: "w", State.CRITICAL: "c", State.UNKNOWN: "u"}


def _flaps(verdicts: str, already: bool) -> bool:
    """Newer changes weigh more, from 0.8 for the oldest to 1.2 for the newest."""
    steps = FLAP_WINDOW - 1
    offset = FLAP_WINDOW - len(verdicts)
    share = sum(
        0.8 + 0.4 * (offset + place) / (steps - 1)
        for place in range(len(verdicts) - 1)
        if verdicts[place] != verdicts[place + 1]
    )
    return share / steps >= (FLAP_END if already else FLAP_START)


def lost(memory: Memory, problem: Problem | None = None) -> Judgement:
    """No sample came for too long: unknown, whatever it was. What was held in mind is kept for the next sample."""
    after = replace(memory, state=State.UNKNOWN, failed=0, holding={})
    return Judgement(after, Why(problem) if problem else None, changed=memory.state is not State.UNKNOWN)


def to_plain(memory: Memory) -> dict[str, Any]:
    """As JSON can hold it."""
    return {
        "state": memory.state.value, "failed": memory.failed, "holding": memory.holding,
        "verdicts": memory.verdicts, "flapping": memory.flapping,
    }  # fmt: skip


def from_plain(plain: dict[str, Any]) -> Memory:
    """The reverse of ``to_plain``; what is missing takes its default, so that an older row is still read."""
    return Memory(
        state=State(plain.get("state", "unknown")),
        failed=int(plain.get("failed", 0)),
        holding=dict(plain.get("holding", {})),
        verdicts=str(plain.get("verdicts", "")),
        flapping=bool(plain.get("flapping", False)),
    )
