"""Threads for probes whose library blocks. One that hangs is left behind and replaced; it never holds up others."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from mainstay.checker.clock import Clock

SIZE = 16
MOST_HUNG = 64
"""Threads that may be left hanging before further work is refused: each costs a stack and perhaps a socket."""


@dataclass(slots=True, eq=False)
class Job:
    """Work for a thread. ``limit`` is seconds from when it begins; ``done`` is called in the loop, once."""

    work: Callable[[], Any]
    limit: float
    done: Callable[[Any], None]
    begun: float = 0.0
    over: bool = False


@dataclass(slots=True, eq=False)
class _Hand:
    """One thread; ``left`` means that a job of it hung and it shall end after that."""

    job: Job | None = None
    left: bool = False
    thread: threading.Thread | None = field(default=None, repr=False)


class Pool:
    """Bounded; used from the loop's thread only."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, size: int = SIZE) -> None:
        self._loop, self._clock, self._size = loop, clock, size
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._hands: list[_Hand] = []
        self._open = 0
        self._hung = 0

    @property
    def hung(self) -> int:
        """Threads that were left behind and have not come back."""
        return self._hung

    def submit(self, job: Job) -> bool:
        """Take the job, or say no when too much hangs."""
        if self._hung >= MOST_HUNG:
            return False
        self._open += 1
        if self._open > len(self._hands) and len(self._hands) < self._size:
            self._hire()
        self._queue.put(job)
        return True

    def sweep(self) -> None:
        """Give up jobs past their limit: TimeoutError to ``done``, and another thread for the one that hangs."""
        now = self._clock.steady()
        for hand in list(self._hands):
            job = hand.job
            if job is not None and not job.over and now - job.begun > job.limit:
                self._hands.remove(hand)
                hand.left = True
                self._hung += 1
                self._hire()
                self._finish(job, TimeoutError())

    def close(self) -> None:
        """Let idle threads end; the ones at work end with the process."""
        for _ in self._hands:
            self._queue.put(None)

    def _hire(self) -> None:
        hand = _Hand()
        hand.thread = threading.Thread(target=self._serve, args=(hand,), name="probe", daemon=True)
        self._hands.append(hand)
        hand.thread.start()

    def _serve(self, hand: _Hand) -> None:
        while not hand.left:
            job = self._queue.get()
            if job is None:
                return
            job.begun = self._clock.steady()
            hand.job = job
            try:
                result = job.work()
            except Exception as error:  # a probe's bug is a result like any other
                result = error
            hand.job = None
            self._tell(hand, job, result)

    def _tell(self, hand: _Hand, job: Job, result: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(self._returned, hand, job, result)
        except RuntimeError:  # the loop was closed while this look went on
            hand.left = True

    def _returned(self, hand: _Hand, job: Job, result: Any) -> None:
        if hand.left:
            self._hung -= 1
        self._finish(job, result)

    def _finish(self, job: Job, result: Any) -> None:
        if not job.over:
            job.over = True
            self._open -= 1
            job.done(result)
