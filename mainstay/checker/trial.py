"""One look at every check of a catalogue, before it is applied: the real drivers, nothing kept, all over in seconds."""

import asyncio
import threading
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.queries import Spec
from mainstay.checker import watch as watches
from mainstay.checker.clock import Clock
from mainstay.checker.rounds import SWEEP, Rounds
from mainstay.checker.watch import Means, Watch
from mainstay.domain import draft, state_machine
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.reading import Fault, Reading, late
from mainstay.domain.saying import say
from mainstay.domain.state import State
from mainstay.domain.state_machine import Judgement, Memory
from mainstay.line import Outcome, message, unit_of
from mainstay.settings import NETWORK, PLUGINS

LONGEST = 8.0
"""Seconds that one look may take here, whatever its check allows: somebody waits."""
ALL = 18.0
"""Seconds after which those that have not answered count as timed out."""
MOST = 400
TOGETHER = 3
"""Looks at one component at the same time."""
AGAIN = 1.0
"""Seconds until the second look at what only tells its rate by a second one."""
_ROOM = threading.BoundedSemaphore(2)
"""Trials at once, so that impatience does not take the machine from the checker."""


class Refused(ValueError):
    """No trial now; ``str()`` says why."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a check gave. ``why`` is as ``monitoring/wording.py`` reads it; empty when it is ok.

    ``seen`` is False where there was nothing to look at: what reports by itself has not reported yet.
    """

    check: draft.DraftCheck
    path: str
    kind: str
    state: State
    why: dict[str, Any]
    values: dict[str, tuple[float, str]]
    seen: bool


def attempt(wanted: draft.Catalogue, *, actor: Actor, component: str = "") -> list[Look]:
    """Look once, in the order of the catalogue; only at ``component`` (``system/name``) if one is named.

    Secrets are filled in from the store. Raises Refused when there is too much to look at or too much under way.
    """
    authorise(actor, "catalogue.try")
    drafts = {f"{name}/{key}": one for name, system in wanted.systems.items() for key, one in system.checks.items()}
    specs = [spec for spec in catalogue.drafted(wanted) if not component or _of(drafts, spec) == component]
    if component and not specs:
        raise Refused(say("no check looks at a component %(name)s; write system/component", name=component))
    if len(specs) > MOST:
        raise Refused(say("%(n)s checks are too many for a trial; name one component", n=len(specs)))
    if not _ROOM.acquire(blocking=False):
        raise Refused(say("two trials are under way already; try again in a few seconds"))
    try:
        with transaction.atomic():
            record(actor, "catalogue.try", component or ", ".join(wanted.systems), {"checks": len(specs)})
        outcomes = _look(specs)
    finally:
        _ROOM.release()
    return [_shown(drafts[outcome.spec.path], outcome) for outcome in outcomes]


def _of(drafts: dict[str, draft.DraftCheck], spec: Spec) -> str:
    return f"{spec.path.partition('/')[0]}/{drafts[spec.path].component}"


_FROM_RECORD = ("heartbeat", "backup")
"""Kinds that look at what is on record, where nothing is yet of what is not applied."""


def _shown(check: draft.DraftCheck, outcome: Outcome) -> Look:
    reading, judgement = outcome.reading, outcome.judgement
    seen = outcome.spec.kind not in _FROM_RECORD and (bool(reading.values) or reading.problem is not None)
    values = {name: (float(value), unit_of(outcome, name)) for name, value in reading.values.items() if seen}
    state = judgement.state if seen else State.UNKNOWN
    why = message(outcome) if state is not State.OK and seen else {}
    return Look(check, outcome.spec.path, outcome.spec.kind, state, why, values, seen)


def _look(specs: Sequence[Spec]) -> list[Outcome]:
    """In the order of ``specs``."""
    with asyncio.Runner() as runner:
        readings = runner.run(_Trial().run([_quick(spec) for spec in specs]))
    at = Clock().wall()
    return [
        Outcome(spec, at, reading, _judged(spec, reading, at)) for spec, reading in zip(specs, readings, strict=True)
    ]


def _quick(spec: Spec) -> Spec:
    return replace(spec, timeout=min(spec.timeout, LONGEST))


def _judged(spec: Spec, reading: Reading, at: float) -> Judgement:
    return state_machine.judge_alone(reading, spec.rule, at)


class _Trial:
    """The checker's own rounds, each watch dropped when it has told enough.

    What looks at the same component goes in a line: the first alone, then few at once, because an account made for
    Mainstay has few connections. When the first does not get in, nobody behind it tries: the answer is the same, and
    a wrong password counts but once against the account.
    """

    def __init__(self) -> None:
        self._readings: dict[int, Reading] = {}
        self._over: set[int] = set()
        self._begun: set[str] = set()
        self._lines: dict[str, deque[Watch]] = defaultdict(deque)

    async def run(self, specs: list[Spec]) -> list[Reading]:
        clock = Clock()
        self._done = asyncio.Event()
        self._left = len(specs)
        means = Means(NETWORK, PLUGINS, clock.wall)
        self._rounds = Rounds(asyncio.get_running_loop(), clock, means, self._conclude, lambda: None)  # nothing lasts
        for spec in specs:
            watch = watches.make(spec, Memory(), born=clock.wall(), answered=clock.steady())
            self._lines[_place(spec)].append(watch)
        try:
            async with asyncio.timeout(ALL):
                self._begin()
                while self._left:
                    self._rounds.sweep()
                    await _rest(self._done, SWEEP)
        except TimeoutError:
            pass
        finally:
            self._rounds.close()
            means.close()
        unanswered = Reading(problem=late(ALL), blind=True)
        return [self._readings.get(spec.id, unanswered) for spec in specs]

    def _begin(self) -> None:
        for line in list(self._lines.values()):
            self._rounds.enter(line.popleft(), 0.0)

    def _conclude(self, watch: Watch, _began: float, reading: Reading) -> None:
        key = watch.spec.id
        if key in self._over:
            return
        if key not in self._readings and _tells_too_little(watch.spec, reading):
            self._readings[key] = reading
            self._rounds.soon(watch, AGAIN)
            return
        self._rounds.drop(watch)
        watch.close()
        self._end(key, reading)
        self._go_on(_place(watch.spec), reading)

    def _end(self, key: int, reading: Reading) -> None:
        self._over.add(key)
        self._readings[key] = reading
        self._left -= 1
        if not self._left:
            self._done.set()

    def _go_on(self, place: str, reading: Reading) -> None:
        """The next in line; after the first of a line, as many as may look together."""
        line = self._lines[place]
        if reading.problem is not None and reading.problem.fault in _NO_WAY_IN:
            while line:
                self._end(line.popleft().spec.id, reading._replace(rows=(), excerpt=""))
        first = place not in self._begun
        self._begun.add(place)
        for _ in range(min(len(line), TOGETHER if first else 1)):
            self._rounds.enter(line.popleft(), 0.0)


_NO_WAY_IN = frozenset({
    Fault.REFUSED, Fault.TIMEOUT, Fault.UNRESOLVED, Fault.UNREACHABLE, Fault.DENIED, Fault.AUTH,
})  # fmt: skip


def _place(spec: Spec) -> str:
    """What it looks at: its component, or where it says itself."""
    own = [spec.settings[key] for key in watches.WHERE if spec.settings.get(key)]
    return repr((spec.component, own)) if spec.component else spec.path


def _tells_too_little(spec: Spec, reading: Reading) -> bool:
    """Whether a metric is missing that a condition is about, and nothing went wrong: a rate needs two looks."""
    if reading.problem is not None or not reading.values:
        return False
    asked = {one.metric or spec.rule.primary for one in (*spec.rule.warn, *spec.rule.crit)} - {"*", ""}
    return not asked <= reading.values.keys()


async def _rest(done: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(done.wait(), seconds)
    except TimeoutError:
        pass
