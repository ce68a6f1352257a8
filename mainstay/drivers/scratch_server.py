"""What every scratch server does alike: it starts in its place, is waited for, says why it ended, and goes with all of
it."""

import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from mainstay.drivers import scratch_place
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.program import Limits, Running

MEMORY = 4 << 30
"""Bytes of address space that each process of a scratch server may have; what it is told to use is far below."""
_PAUSE = 0.05
"""Seconds between two questions whether it answers."""


class Server(ABC):
    """A server of a run. ``home`` has ``data``, ``socket`` and ``log``; a kind makes ``data`` where it is missing, and
    calls ``_begin`` then."""

    def __init__(self, directory: Path, kind: str, user: str, until: float) -> None:
        self._directory, self._kind, self._user, self._until = directory, kind, user, until
        self.home = scratch_place.home(directory, kind, user)
        self.log = self.home / "log"

    def _polite(self) -> Limits:
        """For the program that makes its data."""
        return Limits(nice=10, memory=MEMORY, user=self._user)

    def _begin(self, argv: Sequence[str], stop: signal.Signals) -> None:
        """Start it and wait until it answers. Raises ToolFailed, and then nothing of it is left."""
        limits = Limits(nice=10, memory=MEMORY, user=self._user, stop=stop, patience=5)
        with self.log.open("ab") as log:
            self._running = Running(argv, {}, limits, out=log, err=log)
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def _wait(self) -> None:
        while True:
            if self._running.process.poll() is not None:
                raise ToolFailed("failed", f"the scratch server ended: {self.said()}")
            if time.monotonic() > self._until:
                raise ToolFailed("timeout", f"the scratch server did not start in time: {self.said()}")
            if self._answers():
                return
            time.sleep(_PAUSE)

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it takes a session, which for some is only after recovery."""

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace").strip()[-500:]

    def close(self) -> None:
        """End it and remove it."""
        self._running.end()
        scratch_place.remove(self._directory, self._kind)
