"""The process that drives runs: ``python -m mainstay.engine.runbooks.runner PARENT NAME``.

The engine starts it when a run is open and it ends some time after the last one: 70 MB that are not there while no
runbook runs, a step that goes wild takes no notice with it, and notices are sent whatever runs do. It dies when the
engine does.
"""

import contextlib
import logging
import os
import signal
import sys
import time
from types import FrameType

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
django.setup()

from django.db import InterfaceError, OperationalError, connections  # noqa: E402 - Django must be set up first

from mainstay.drivers.leaving import die_with  # noqa: E402
from mainstay.engine.runbooks.desk import Desk  # noqa: E402
from mainstay.engine.runbooks.driving import Driver, Stopping  # noqa: E402
from mainstay.engine.runbooks.durable import launched  # noqa: E402
from mainstay.monitoring import actions as monitoring  # noqa: E402

_log = logging.getLogger("mainstay.engine.runner")

EVERY = 0.3
"""Seconds between two rounds of the desk."""
IDLE = 120.0
"""Seconds without an open run after which it ends."""
PULSE = 5.0


def main(parent: int, name: str) -> int:
    """Until SIGTERM, or nothing is left to do."""
    die_with(parent)
    driver = Driver()

    def stop(_number: int, _frame: FrameType | None) -> None:
        driver.stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with launched(driver) as durable:
        serve(Desk(durable), driver, name)
        with contextlib.suppress(Stopping):
            driver.patiently(monitoring.end_pulse, name)
    return 0


def serve(desk: Desk, driver: Driver, name: str) -> None:
    """Rounds until the driver is to stop, or has been idle."""
    busy, pulsed = time.monotonic(), float("-inf")
    while not driver.stopping.wait(EVERY):
        try:
            if desk.step():
                busy = time.monotonic()
            if time.monotonic() - pulsed > PULSE:
                monitoring.pulse(name, {"pid": os.getpid(), "holder": driver.holder})
                pulsed = time.monotonic()
        except (OperationalError, InterfaceError) as error:
            _log.error("the database cannot be used: %s", (str(error).splitlines() or ["no reason given"])[0])
            connections.close_all()
        except Exception:
            _log.exception("a round failed; it comes again")
        if time.monotonic() - busy > IDLE:
            return


if __name__ == "__main__":
    code = main(int(sys.argv[1]), sys.argv[2])
    sys.stdout.flush()
    os._exit(code)  # a thread that hangs in a step holds nothing up
