"""A backup worker: ``python -m mainstay.engine.backup_worker JOB RUN PARENT`` does one job that was leased for it.

A process of its own, so that what it starts can be ended with it and cannot hold up the engine; it dies when the engine
does. It gives a sign each few seconds; when it hears that the job is not its own any more it stops at once.
"""

import errno
import logging
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
django.setup()

from django.db import InterfaceError, OperationalError, connection, connections  # noqa: E402 - Django is set up first

from mainstay.backups import actions, queries  # noqa: E402
from mainstay.backups.actions.keys import KeyLost  # noqa: E402
from mainstay.backups.models import Job  # noqa: E402
from mainstay.catalogue.models import Component, Store  # noqa: E402
from mainstay.domain.backup_job import RENEW  # noqa: E402
from mainstay.domain.placeholder import Unfilled  # noqa: E402
from mainstay.drivers.backup_tools import ToolFailed  # noqa: E402
from mainstay.drivers.leaving import die_with  # noqa: E402
from mainstay.drivers.stores import Unreachable  # noqa: E402
from mainstay.engine.jobs import backup, check, forward, leftovers, own, places, prove, prune, restore  # noqa: E402
from mainstay.engine.jobs.bench import Bench, Progress  # noqa: E402

_log = logging.getLogger("mainstay.engine.backup_worker")

ACTS = {
    "backup": backup.run, "forward": forward.run, "check": check.run, "prune": prune.run, "prove": prove.run,
    "restore": restore.run,
}  # fmt: skip
OWN = {**ACTS, "backup": own.backup, "forward": own.forward, "check": own.check, "prune": own.prune}
"""Of a tool that keeps repositories of its own."""
_LOST = 75
"""Exit code when the job is somebody else's: EX_TEMPFAIL of sysexits.h."""


class Stopped(Exception):
    """The engine ends, and asks us to."""


class Signs(threading.Thread):
    """Renews the lease and tells how far it is, by a connection of its own."""

    def __init__(self, job: Job, progress: Progress) -> None:
        super().__init__(daemon=True)
        self._job, self._progress, self.over = job, progress, threading.Event()

    def run(self) -> None:
        while not self.over.wait(RENEW):
            try:
                actions.renew(self._job, _now(), self._progress.plain())
            except actions.Lost:
                os.killpg(0, signal.SIGKILL)
            except (OperationalError, InterfaceError) as error:
                _log.warning("the database cannot be used: %s", error)
                connections.close_all()
        connection.close()


def main(number: int, run: str, parent: int) -> int:
    """Do it; how it went stands in the job."""
    die_with(parent)
    os.nice(10)
    signal.signal(signal.SIGTERM, _stop)
    job = queries.jobs(state="running").filter(pk=number, worker=run).first()
    if job is None:
        return _LOST
    progress = Progress()
    signs = Signs(job, progress)
    signs.start()
    try:
        return work(job, progress)
    except actions.Lost:
        return _LOST
    finally:
        signs.over.set()
        leftovers.sweep(places.place(number))


def work(job: Job, progress: Progress) -> int:
    """Do a leased job here; what goes wrong is written down. Raises Lost."""
    try:
        with Bench(job, progress) as bench:
            (OWN if bench.keeps_own else ACTS)[job.act](bench)
    except actions.Lost:
        raise
    except Stopped:
        actions.give_back(job, _now(), "the engine was ended")
    except Exception as error:
        if isinstance(error, OperationalError | InterfaceError):
            connections.close_all()
        problem = _problem(error)
        _log.error("backup job %s: %s of %s: %s: %s", job.pk, job.act, job.policy, problem.code, problem.detail)
        actions.fail(job, _now(), problem.code, problem.detail, retry=problem.retry)
    return 0


def _problem(error: Exception) -> ToolFailed:
    """What went wrong, in a word and a sentence without secrets, and whether another try can help."""
    if isinstance(error, ToolFailed):
        return error
    for kind, code, retry in _CODES:
        if isinstance(error, kind):
            return ToolFailed(code, str(error), retry=retry)
    if isinstance(error, OSError):
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return ToolFailed("no-space" if full else "failed", f"{error.strerror}: {error.filename}")
    _log.error("a backup job broke", exc_info=error)
    return ToolFailed("failed", f"{type(error).__name__}; the engine's log says more")


_CODES: tuple[tuple[tuple[type[Exception], ...], str, bool], ...] = (
    ((Unreachable,), "unreachable", True),
    ((Unfilled, KeyLost), "key", False),
    ((Store.DoesNotExist, Component.DoesNotExist, queries.OtherDatabase), "setup", False),
    ((OperationalError, InterfaceError), "database", True),
)


def _stop(_number: int, _frame: Any) -> None:
    raise Stopped


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
