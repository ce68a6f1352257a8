"""When the wall clock is set, what waits keeps its distance: deliveries, clocks of incidents, steps of escalations.

It may be set while no engine runs, and several engines of a machine must not make up for it twice: how far the two
clocks stood apart is kept with the data, by the machine's own name for the time since it was started.
"""

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from django.db import transaction

from mainstay.incidents import actions as incidents
from mainstay.monitoring import actions as monitoring
from mainstay.notices import actions as outbox
from mainstay.on_call import actions as on_call

_log = logging.getLogger("mainstay.engine")

JUMP = 5.0
"""Seconds by which the wall clock and the steady one part at once when somebody sets it; NTP takes smaller steps."""
_DRIFT = 1.0
"""Seconds of drift that are worth writing down."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def this_boot() -> str:
    """The kernel's name for the time since this machine was started; where it has none, one for this process."""
    return _BOOT.read_text().strip() if _BOOT.exists() else str(uuid4())


def since_boot() -> float:
    """Seconds since this machine was started; those too in which it slept, where the system counts them: they passed
    for people, and are not made up for."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(slots=True)
class ClockWatch:
    """``wall`` and ``steady`` are clocks in seconds, of which people can set the first."""

    boot: str
    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = since_boot
    known: float | None = None

    def look(self, flying: Collection[int]) -> None:
        """Make up for what the clock was set by. Deliveries that are ``flying`` are in the hands of who asks."""
        apart = self.wall() - self.steady()
        if self.known is not None and abs(apart - self.known) < _DRIFT:
            return
        with transaction.atomic():
            moved = monitoring.clock_moved(self.boot, apart)
            if abs(moved) > JUMP:
                by = timedelta(seconds=moved)
                outbox.shift(by, but=flying)
                incidents.shift(by)
                on_call.shift(by)
        if abs(moved) > JUMP:
            _log.warning("the clock was set by %+.0f s; what waits is shifted", moved)
        self.known = apart
