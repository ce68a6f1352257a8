"""Processes that fall and stay down: the database, the ERP."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from estate import postgres
from estate.faults.base import Fault, wait_until
from estate.layout import Layout, read_json
from estate.supervisor import kill_group, listens


def take_down(layout: Layout, child: str) -> None:
    """Hold the child first, so that the supervisor does not raise it again, then kill it hard."""
    layout.held(child).touch()
    pid = read_json(layout.facts)["pids"].get(child)
    if pid and _is_alive(pid):
        kill_group(pid)
        wait_until(lambda: not _is_alive(pid), 10, f"the end of {child}")


def let_up(layout: Layout, child: str) -> None:
    layout.held(child).unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    """A killed child is a zombie until the supervisor has looked; that counts as dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


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
        let_up(self.layout, "postgresql")
        wait_until(lambda: postgres.answers(self.facts["admin_dsn"]), 45, "PostgreSQL's return")
        # The worker's connection for being told of new tasks does not come back by itself, and the process lives on
        # without it: queued work would wait for the hourly retry. Who mends a database starts the worker anew, and
        # puts back what the old one had taken from the queue and could not finish: the ERP never takes that again.
        take_down(self.layout, "worker")
        with self.database() as db:
            db.execute("UPDATE ir_queue SET dequeued_at = NULL WHERE dequeued_at IS NOT NULL AND finished_at IS NULL")
        let_up(self.layout, "worker")


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
        take_down(self.layout, "erp")

    def mend(self) -> None:
        let_up(self.layout, "erp")
        wait_until(lambda: listens(self.facts["ports"]["erp"]), 45, "the ERP's return")
