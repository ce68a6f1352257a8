"""What is due, and the looks under way: a heap on the steady clock, a cap, and a hard deadline for every look."""

import asyncio
import logging
from array import array
from collections import deque
from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from typing import Any

from mainstay.checker.clock import Clock
from mainstay.checker.pool import Job, Pool
from mainstay.checker.watch import Means, Watch
from mainstay.domain.reading import Fault, Problem, Reading, late
from mainstay.domain.saying import say
from mainstay.domain.schedule import next_slot
from mainstay.drivers.probes import Done

_log = logging.getLogger(__name__)

GRAIN = 0.02
"""Seconds within which looks that are due are begun together: one wake-up for several."""

CAP = 1000
"""Looks under way at once; more wait, the longest waiting first."""

SWEEP = 0.25
"""Seconds between two searches for looks past their deadline."""


class Rounds:
    """``conclude(watch, began, reading)`` is told each result; ``began`` is when the look did, on the steady clock.
    ``heed_clock`` is asked before looks begin, for a probe may compare with the wall clock as it was."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        means: Means,
        conclude: Callable[[Watch, float, Reading], None],
        heed_clock: Callable[[], None],
        *,
        cap: int = CAP,
    ) -> None:
        self._loop, self._clock, self._means, self._conclude = loop, clock, means, conclude
        self._heed_clock = heed_clock
        self._cap = cap
        self._pool = Pool(loop, clock)
        self._heap: list[tuple[float, int, Watch]] = []
        self._tickets = 0
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = float("inf")
        self._under_way: dict[Watch, asyncio.Task[None] | None] = {}
        self._waiting: deque[tuple[Watch, float]] = deque()
        self.delays = array("d")
        """Seconds between due and begun, of every look since they were last taken away."""
        self.missed = 0
        """Slots at which the look before was still under way."""

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    @property
    def hung(self) -> int:
        return self._pool.hung

    # When

    def enter(self, watch: Watch, within: float | None) -> None:
        """Begin to look; the first time after ``within`` seconds, or at its next slot."""
        if within is None:
            self._arm_slot(watch, self._clock.wall(), self._clock.steady())
        else:
            self._arm(watch, self._clock.steady() + within)

    def soon(self, watch: Watch, delay: float) -> None:
        """Look once more after ``delay`` seconds, unless its slot comes first."""
        now = self._clock.steady()
        if watch.slot - self._clock.wall() > delay:
            self._arm(watch, now + delay)

    def drop(self, watch: Watch) -> None:
        """Look no more. A look under way ends by itself and is not reported."""
        self._tickets += 1
        watch.ticket = self._tickets
        watch.look += 1
        watch.gone = True
        task = self._under_way.pop(watch, None)
        if task is not None:
            task.cancel()
        if not watch.blocking:
            watch.close()

    def rearm(self, watches: list[Watch]) -> None:
        """All slots anew, because the wall clock was set."""
        self._heap.clear()
        wall, steady = self._clock.wall(), self._clock.steady()
        for watch in watches:
            watch.slot = float("-inf")
            self._arm_slot(watch, wall, steady)

    def _arm_slot(self, watch: Watch, wall: float, steady: float) -> None:
        """For its next slot; both clocks as they stand now."""
        if watch.slot <= wall + GRAIN:
            watch.slot = next_slot(watch.offset, watch.spec.every, max(wall, watch.slot))
        self._arm(watch, steady + watch.slot - wall)

    def _arm(self, watch: Watch, due: float) -> None:
        self._tickets += 1
        watch.ticket = self._tickets
        heappush(self._heap, (due, self._tickets, watch))
        if due < self._wakes_at:
            self._wake_at(due)

    def _wake_at(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = due
        self._timer = self._loop.call_later(max(0.0, due - self._clock.steady()), self._wake)

    def _wake(self) -> None:
        self._heed_clock()
        wall, now = self._clock.wall(), self._clock.steady()
        self._wakes_at = float("-inf")  # nothing armed below need set the timer
        heap = self._heap
        while heap and heap[0][0] <= now:
            due, ticket, watch = heappop(heap)
            if watch.ticket == ticket:
                self._arm_slot(watch, wall, now)
                self._begin(watch, due)
        if heap:
            self._wake_at(max(heap[0][0], now + GRAIN))
        else:
            self._wakes_at = float("inf")

    # Looks

    def _begin(self, watch: Watch, due: float) -> None:
        if watch.busy:
            self.missed += 1
        elif len(self._under_way) >= self._cap:
            watch.busy = True
            self._waiting.append((watch, due))
        else:
            self._launch(watch, due)

    def _launch(self, watch: Watch, due: float) -> None:
        now = self._clock.steady()
        self.delays.append(now - due)
        watch.busy = True
        watch.look += 1
        watch.limit = now + watch.spec.timeout * 1.1 + 0.2
        if watch.probe is None:
            problem = self._build(watch)
            if problem is not None:
                self._under_way[watch] = None
                self._land(watch, watch.look, now, problem)
                return
        if watch.blocking:
            self._hand_over(watch, now)
        elif watch.begin is None or not self._begun(watch, watch.begin, now):
            self._under_way[watch] = self._loop.create_task(self._look(watch, watch.look, now))

    def _build(self, watch: Watch) -> Reading | None:
        if watch.spec.setup_problem:
            return _unfit(watch.spec.setup_problem)
        try:
            self._means.build(watch)
        except Exception as error:  # whatever a probe's constructor does, the others go on
            _log.exception("the probe of %s cannot be built", watch.spec.path)
            return _unfit(say("%(error)s while setting up", error=type(error).__name__))
        return None

    def _begun(self, watch: Watch, begin: Callable[[Done], bool], began: float) -> bool:
        """Whether the look began without a task. It may be over already."""
        self._under_way[watch] = None
        land = partial(self._land, watch, watch.look, began)
        try:
            return begin(land)
        except Exception as error:  # a probe's bug is reported as its result
            land(error)
            return True

    async def _look(self, watch: Watch, look: int, began: float) -> None:
        result: Reading | Exception
        try:
            result = await watch.probe.read()  # type: ignore[union-attr, misc]  # built, and a coroutine: see _launch
        except Exception as error:  # a probe's bug is reported as its result
            result = error
        self._land(watch, look, began, result)

    def _hand_over(self, watch: Watch, began: float) -> None:
        probe, look = watch.probe, watch.look
        watch.limit = float("inf")  # the pool counts from when a thread begins
        done = partial(self._thread_came_back, watch, look, began)
        job = Job(probe.read, watch.spec.timeout * 1.1 + 0.2, done)  # type: ignore[union-attr]  # built in _launch
        self._under_way[watch] = None
        if not self._pool.submit(job):
            self._land(watch, look, began, _unfit(say("%(n)s looks hang; restart the checker", n=self._pool.hung)))

    def _thread_came_back(self, watch: Watch, look: int, began: float, result: Any) -> None:
        if isinstance(result, TimeoutError):
            watch.probe = None  # the hanging thread keeps the old one; two threads must not share it
            result = _late(watch)
        self._land(watch, look, began, result)

    def _land(self, watch: Watch, look: int, began: float, result: Reading | Exception) -> None:
        if look != watch.look:
            return
        watch.busy = False
        watch.limit = float("inf")
        self._under_way.pop(watch, None)
        if self._waiting:
            self._loop.call_soon(self._take_waiting)
        self._conclude(watch, began, self._broken(watch, result) if isinstance(result, Exception) else result)

    def _take_waiting(self) -> None:
        while self._waiting and len(self._under_way) < self._cap:
            watch, due = self._waiting.popleft()
            if not watch.gone:
                self._launch(watch, due)
                break

    def _broken(self, watch: Watch, error: Exception) -> Reading:
        _log.error("the probe of %s raised", watch.spec.path, exc_info=error)
        return _unfit(say("%(error)s inside the probe; see the log", error=type(error).__name__))

    # Deadlines

    def sweep(self) -> None:
        """End looks past their deadline; they are judged as timed out."""
        self._pool.sweep()
        now = self._clock.steady()
        for watch in [one for one in self._under_way if now > one.limit]:
            task = self._under_way[watch]
            if task is not None:
                task.cancel()
            self._land(watch, watch.look, now - watch.spec.timeout, _late(watch))
            watch.look += 1
            watch.close()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._heap.clear()
        self._waiting.clear()
        for watch, task in self._under_way.items():
            if task is not None:
                task.cancel()
            elif not watch.blocking:
                watch.close()
        self._pool.close()


def _late(watch: Watch) -> Reading:
    return Reading(problem=late(watch.spec.timeout))


def _unfit(detail: str) -> Reading:
    return Reading(problem=Problem(Fault.SETUP, detail), blind=True)
