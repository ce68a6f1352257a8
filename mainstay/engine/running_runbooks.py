"""The engine's part in runs: a process for them while any is open."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mainstay.domain.schedule import restart_delay
from mainstay.monitoring import queries as monitoring
from mainstay.runbooks import queries
from mainstay.runbooks.actions import keep_shipped

_log = logging.getLogger(__name__)

SILENT = timedelta(seconds=60)
PATIENCE = 6.0
"""Seconds that it has to end; the supervisor waits 10."""


@dataclass(slots=True)
class Runner:
    """At most one process. Times are of the steady clock."""

    name: str = "runner"
    process: subprocess.Popen[bytes] | None = None
    begun: float = 0.0
    deaths: int = 0
    due: float = 0.0
    steady: Callable[[], float] = time.monotonic

    def step(self) -> None:
        """Start it when a run is open, bury it when it ended, end it when it is silent."""
        if self.process is not None and self.process.poll() is not None:
            self._bury(self.process.returncode)
        if self.process is None and self.steady() >= self.due and queries.open_runs().exists():
            self.process, self.begun = self._started(), self.steady()
        elif self.process is not None and self._is_silent():
            _log.error("the runner gave no sign for %.0f s and is ended", SILENT.total_seconds())
            self.process.kill()

    def _started(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "mainstay.settings"}
        words = [sys.executable, "-m", "mainstay.engine.runbooks.runner", str(os.getpid()), self.name]
        return subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)

    def _bury(self, code: int) -> None:
        self.process = None
        if code == 0:
            self.deaths, self.due = 0, self.steady()
            return
        self.deaths = 1 if self.steady() - self.begun > SILENT.total_seconds() else self.deaths + 1
        self.due = self.steady() + restart_delay(self.deaths)
        _log.error("the runner ended with %s and is started again", code)

    def _is_silent(self) -> bool:
        if self.steady() - self.begun < SILENT.total_seconds():
            return False
        last = next((one.at for one in monitoring.pulses() if one.process == self.name), None)
        return last is None or datetime.now(UTC) - last > SILENT

    def finish(self) -> None:
        """Ask it to end; what does not is killed. Runs go on where they are when it is started again."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def ship() -> None:
    """The runbooks of the packs, as they are in this version."""
    if made := keep_shipped():
        _log.info("runbooks of packs: %s", ", ".join(made))
