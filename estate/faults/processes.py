"""Processes that fall and stay down: the database, the ERP."""

from __future__ import annotations

import os
import signal

from estate import services
from estate.faults.base import Fault
from estate.services import wait_until
from estate.supervisor import listens


class DatabaseDown(Fault):
    """PostgreSQL is killed as by a crash; it recovers from its log when it is let up."""

    name = "database-down"
    title = {"en": "The database server is down", "zh": "数据库服务器宕机"}
    category = "system"
    level = 1
    detect_within = 30
    trips = ("database",)
    also = ("database-*", "app.*", "front-door")

    def break_(self) -> None:
        self.remember()
        self.layout.held("postgresql").touch()
        try:
            # Immediate shutdown: the server ends its own processes at once and leaves no shared memory.
            os.kill(self.facts["pids"]["postgresql"], signal.SIGQUIT)
        except ProcessLookupError:
            return
        wait_until(lambda: not listens(self.facts["database_port"]), 10, "the end of PostgreSQL")

    def mend(self) -> None:
        services.restart(self.layout, "postgresql")
        # The worker's connection for being told of new tasks does not come back by itself, and the process lives on
        # without it: queued work would wait for the hourly retry. Who mends a database starts the worker anew.
        services.restart(self.layout, "worker")


class AppDown(Fault):
    """The ERP's server process is killed; the door in front of it answers 502."""

    name = "app-down"
    title = {"en": "The ERP application is down", "zh": "ERP 应用宕机"}
    category = "system"
    level = 1
    detect_within = 30
    trips = ("app.answers",)
    also = ("app.reads-an-order", "front-door")

    def break_(self) -> None:
        self.remember()
        services.take_down(self.layout, "erp")

    def mend(self) -> None:
        services.restart(self.layout, "erp")
