"""Faults that need somebody to stay: a lock that is held, connections that are kept, processors that burn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from estate.faults import state
from estate.faults.base import Fault
from estate.layout import CHECKOUT
from estate.services import wait_until


class Resident(Fault):
    """Starts a helper process that does harm until it is ended, the estate ends, or ten minutes are over."""

    def break_(self) -> None:
        self.remember()
        with (self.layout.logs / f"fault-{self.name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "estate.faults.helper", self.name, str(self.layout.root)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=CHECKOUT, start_new_session=True,
            )  # fmt: skip
        self.remember(helper_pid=process.pid)
        sign = self.sign
        wait_until(lambda: sign.exists() or process.poll() is not None, 20, f"the start of {self.name}")

    def mend(self) -> None:
        state.end_helper(self.recall())
        self.sign.unlink(missing_ok=True)

    def forget(self) -> None:
        super().forget()
        self.sign.unlink(missing_ok=True)

    @property
    def sign(self) -> Path:
        """The helper makes this file once the harm is done."""
        return self.layout.control / f"done-{self.name}"


class DatabaseSlow(Resident):
    """A session takes the table of orders for itself; every reader of orders queues behind it."""

    name = "database-slow"
    title = {"en": "The database is slow: a lock blocks the orders", "zh": "数据库缓慢：订单表被锁阻塞"}
    category = "system"
    level = 2
    detect_within = 60
    trips = ("database-waits",)
    also = ("database", "app.*", "front-door")


class ConnectionsExhausted(Resident):
    """Somebody leaks connections until the server has none left for others."""

    name = "connections-exhausted"
    title = {"en": "The database has no connections left", "zh": "数据库连接耗尽"}
    category = "system"
    level = 1
    detect_within = 60
    trips = ("database-connections",)
    also = ("database", "database-*", "app.*", "front-door")


class CpuBurning(Resident):
    """Two busy processes for each core; they end by themselves after ten minutes."""

    name = "cpu-burning"
    title = {"en": "The processors are saturated", "zh": "CPU 持续满载"}
    category = "system"
    level = 2
    detect_within = 120
    trips = ("cpu",)
    also = ("app.answers", "app.reads-an-order", "front-door")  # they wait for a processor like everybody
