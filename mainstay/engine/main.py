"""The engine's process, ``python -m mainstay.engine.main [NAME]``: one loop over small steps, each with its rhythm."""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
django.setup()

from django.db import InterfaceError, OperationalError, close_old_connections  # noqa: E402 - Django must be set up first

from mainstay.domain.backoff import LONGEST  # noqa: E402
from mainstay.engine import calling, drilling, help_desk, inspecting, learning, remedying, reviewing, tending  # noqa: E402
from mainstay.engine.backing_up import Workers  # noqa: E402
from mainstay.engine.clock_watch import ClockWatch, this_boot  # noqa: E402
from mainstay.engine.examining import Examiner  # noqa: E402
from mainstay.engine.own_copies import Copier  # noqa: E402
from mainstay.engine.running_runbooks import Runner, ship  # noqa: E402
from mainstay.engine.sender import Sender  # noqa: E402
from mainstay.monitoring import actions as monitoring  # noqa: E402
from mainstay.notices import actions as outbox  # noqa: E402
from mainstay.notices import queries as notices  # noqa: E402
from mainstay.settings import CONFIGURATION  # noqa: E402

_log = logging.getLogger("mainstay.engine")

IDLE = 0.3
"""Seconds between two looks for due deliveries."""
LONGEST_WAIT = timedelta(seconds=1.2 * LONGEST)
"""No delivery waits longer than this, unless the clock was set back while no engine ran."""


@dataclass(slots=True)
class Step:
    """Something to do every so many seconds."""

    every: float
    act: Callable[[], object]
    due: float = 0.0


@dataclass(slots=True)
class Engine:
    """Runs until told to stop; a step that fails is logged and comes round again. ``name`` tells
    several engines apart: it begins with ``engine``."""

    name: str = "engine"
    sender: Sender = field(default_factory=Sender)
    workers: Workers = field(default_factory=Workers)
    watch: ClockWatch = field(default_factory=lambda: ClockWatch(this_boot()))
    stopping: bool = False
    said: str = ""
    calls: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "calls"))
    call: Future[str] | None = None
    complaint: str = ""
    copier: Copier = field(default_factory=Copier)
    postman: help_desk.Postman = field(default_factory=help_desk.Postman)
    runner: Runner = field(default_factory=Runner)
    examiner: Examiner = field(default_factory=Examiner)

    def steps(self) -> list[Step]:
        steps = [
            Step(IDLE, self.sender.step),
            Step(1.0, tending.end_calm_incidents),
            Step(2.0, tending.watch_clocks),
            Step(20.0, tending.judge_again),
            Step(5.0, self._pulse),
            Step(10.0, tending.follow_up),
            Step(30.0, tending.tell_blind),
            Step(2.0, calling.call_due),
            Step(20.0, calling.hand_over_due),
            Step(2.0, remedying.step),
            Step(2.0, drilling.follow),
            Step(20.0, inspecting.inspect_due),
            Step(2.0, self.workers.step),
            Step(20.0, self.workers.plan),
            Step(60.0, monitoring.tend),
            Step(60.0, lambda: outbox.pull_in(datetime.now(UTC), LONGEST_WAIT)),
            Step(600.0, tending.forget_outlines),
            Step(600.0, lambda: monitoring.forget_pulses(datetime.now(UTC))),
            Step(600.0, tending.send_audit_head),
            Step(600.0, reviewing.judge),
            Step(5.0, learning.follow),
            Step(60.0, learning.chase),
            Step(5.0, help_desk.follow),
            Step(600.0, help_desk.close_silent),
            Step(5.0, self.postman.step),
            Step(60.0, self.postman.judge),
            Step(5.0, self.copier.step),
            Step(60.0, self.copier.judge),
            Step(0.5, self.runner.step),
            Step(1.0, self.examiner.step),
            Step(3600.0, ship),
        ]
        return steps + ([Step(CONFIGURATION.dead_man.every, self.report)] if CONFIGURATION.dead_man.url else [])

    def run(self) -> None:
        steps, heed = self.steps(), Step(1.0, self.mind_clock)
        while not self.stopping:
            for step in steps:
                if not self.stopping and time.monotonic() >= step.due:
                    self.take(heed)  # or what a step puts off by the new time would be shifted once more
                    self.take(step)
                    step.due = time.monotonic() + step.every
            time.sleep(min(IDLE, max(0.02, min(step.due for step in steps) - time.monotonic())))
        self.take(Step(0.0, self.runner.finish))
        self.take(Step(0.0, self.workers.finish))
        self.take(Step(0.0, self.sender.finish))
        self.take(Step(0.0, self.copier.finish))
        self.take(Step(0.0, self.postman.finish))
        self.take(Step(0.0, self.examiner.finish))

    def take(self, step: Step) -> None:
        """One round of a step; nothing that it raises ends the engine."""
        try:
            step.act()
        except (OperationalError, InterfaceError) as error:
            self._say(f"the database cannot be used: {(str(error).splitlines() or ['no reason given'])[0]}")
            close_old_connections()
            time.sleep(1.0)
        except Exception:
            _log.exception("a step failed; it comes round again")
        else:
            if self.said and step.every <= IDLE:
                self.said = ""
                _log.info("the database can be used again")

    def _say(self, text: str) -> None:
        """Once, not at every round."""
        if text != self.said:
            _log.error(text)
            self.said = text

    def mind_clock(self) -> None:
        self.watch.look([delivery.pk for delivery in self.sender.flying.values()])

    def _pulse(self) -> None:
        count, oldest = notices.waiting()
        lag = max(0.0, (datetime.now(UTC) - oldest).total_seconds()) if oldest else 0.0
        monitoring.pulse(self.name, {"deliveries_waiting": count, "oldest_waiting": round(lag, 1), "pid": os.getpid()})

    def report(self) -> None:
        """Let the dead-man's switch hear from the end of the chain; the call itself holds up nobody."""
        if self.call is not None and not self.call.done():
            return
        answer = self.call.result() if self.call is not None else ""
        reason = tending.broken_chain()
        self.call = self.calls.submit(tending.report_alive) if not reason else None
        if (complaint := reason or answer) != self.complaint:
            self.complaint = complaint
            _log.warning("the dead-man's switch: %s", complaint or "hears from us again")


def run(name: str = "engine") -> None:
    """Until SIGTERM or SIGINT."""
    engine = Engine(name, runner=Runner(name.replace("engine", "runner", 1)))

    def stop(_number: int, _frame: object) -> None:
        engine.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    engine.run()


if __name__ == "__main__":
    run(*sys.argv[1:2])
