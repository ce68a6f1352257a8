"""The engine's process: one loop over small steps, each with its own rhythm."""

import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
django.setup()

from django.db import DatabaseError, close_old_connections  # noqa: E402 - Django must be set up first

from mainstay.engine import tending  # noqa: E402
from mainstay.engine.sender import Sender  # noqa: E402
from mainstay.monitoring import actions as monitoring  # noqa: E402
from mainstay.notices import queries as notices  # noqa: E402
from mainstay.settings import CONFIGURATION  # noqa: E402

_log = logging.getLogger("mainstay.engine")

IDLE = 0.3
"""Seconds between two looks for due deliveries."""


@dataclass(slots=True)
class Step:
    """Something to do every so many seconds."""

    every: float
    act: Callable[[], object]
    due: float = 0.0


@dataclass(slots=True)
class Engine:
    """Runs until told to stop; a step that fails is logged and comes round again."""

    sender: Sender = field(default_factory=Sender)
    stopping: bool = False
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    said: str = ""

    def steps(self) -> list[Step]:
        return [
            Step(IDLE, self.sender.step),
            Step(1.0, tending.end_calm_incidents),
            Step(5.0, self._pulse),
            Step(10.0, tending.follow_up),
            Step(30.0, tending.tell_blind),
            Step(60.0, monitoring.tend),
            Step(600.0, tending.send_audit_head),
            Step(CONFIGURATION.dead_man.every, self._report),
        ]

    def run(self) -> None:
        steps = self.steps()
        while not self.stopping:
            for step in steps:
                if not self.stopping and time.monotonic() >= step.due:
                    self._take(step)
                    step.due = time.monotonic() + step.every
            time.sleep(min(IDLE, max(0.02, min(step.due for step in steps) - time.monotonic())))

    def _take(self, step: Step) -> None:
        try:
            step.act()
        except DatabaseError as error:
            self._say(f"the database cannot be used: {str(error).splitlines()[0]}")
            close_old_connections()
            time.sleep(1.0)
        except Exception:
            _log.exception("a step failed; it comes round again")
        else:
            self.said = self.said if step.every > IDLE else ""

    def _say(self, text: str) -> None:
        """Once, not at every round."""
        if text != self.said:
            _log.error(text)
            self.said = text

    def _pulse(self) -> None:
        count, oldest = notices.waiting()
        lag = max(0.0, (datetime.now(UTC) - oldest).total_seconds()) if oldest else 0.0
        monitoring.pulse("engine", {"deliveries_waiting": count, "oldest_waiting": round(lag, 1), "pid": os.getpid()})

    def _report(self) -> None:
        if reason := tending.report_alive():
            _log.warning("not reported alive: %s", reason)


def run() -> None:
    """Until SIGTERM or SIGINT."""
    engine = Engine()

    def stop(_number: int, _frame: object) -> None:
        engine.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    engine.run()


if __name__ == "__main__":
    run()
