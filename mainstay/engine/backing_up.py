"""The engine's part in backups: plan what is due, start workers, notice those that died, and clean up after them."""

import logging
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mainstay.backups import actions, queries
from mainstay.backups.models import Job
from mainstay.engine.jobs import leftovers, places

_log = logging.getLogger(__name__)

AT_ONCE = 2
"""Workers at the same time."""
PATIENCE = 6.0
"""Seconds that a worker has to put its things away when the engine ends; the supervisor waits 10."""


@dataclass(slots=True)
class Workers:
    """The workers of this engine: each a process in a session of its own, which dies with us."""

    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    alive: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    def plan(self) -> None:
        """Make the jobs that are due, and those that are owed."""
        for job in (*actions.plan(self.clock()), *actions.owe(self.clock())):
            _log.info("backup job %s: %s of %s", job.pk, job.act, job.policy)

    def step(self) -> None:
        """Bury those that ended, take back what lost its worker, start what waits."""
        dead = self._ended()
        for lost in actions.reclaim(self.clock(), dead=dead, but=set(self.alive)):
            _log.error("backup job %s: %s of %s: %s", lost.pk, lost.act, lost.policy, lost.problem["detail"])
        self._sweep()
        for restore in actions.proceed(self.clock()):
            _log.info("restore %s of %s: %s", restore.pk, restore.policy, restore.state)
        while len(self.alive) < AT_ONCE and (job := actions.lease(secrets.token_hex(8), self.clock())) is not None:
            self.alive[job.pk] = start(job)

    def _ended(self) -> dict[int, str]:
        """Job → how its worker ended."""
        over = {number: process for number, process in self.alive.items() if process.poll() is not None}
        for number in over:
            del self.alive[number]
        return {number: _how(process.returncode) for number, process in over.items()}

    def _sweep(self) -> None:
        """What no job runs in any more is gone. Of a job that runs elsewhere there is no directory here."""
        if orphans := set(places.numbers()) - self.alive.keys():
            held = set(queries.running().filter(pk__in=orphans).values_list("pk", flat=True))
            for number in orphans - held:
                leftovers.sweep(places.place(number))

    def finish(self) -> None:
        """Ask all to end; what does not is killed."""
        for process in self.alive.values():
            _signal(process, signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        for process in self.alive.values():
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()


def start(job: Job) -> subprocess.Popen[bytes]:
    """A worker for a job that was leased."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "mainstay.settings"}
    words = [sys.executable, "-m", "mainstay.engine.backup_worker", str(job.pk), job.worker, str(os.getpid())]
    return subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


def _how(code: int) -> str:
    return f"its worker was ended by signal {-code}" if code < 0 else f"its worker ended with {code}"
