"""Who drives which run, kept by DBOS: a run waits, is woken, and is driven on by another process when its own is gone.

DBOS keeps no more than that. What happened in a run stands in Mainstay's own rows, so the workflow is a loop that
knows nothing of runbooks: it may wait for three weeks while Mainstay is upgraded. What was found out about DBOS
3.4.0, each with what is done about it (``tests/line/test_runbook_durable.py``):

* its executor id is ``local`` unless one is given, and two of one name run each other's work: ours is new each time;
* its version is a digest of the source, and work of another one waits for ever: ours is pinned;
* a workflow that waits does not notice that it is cancelled: none is ever cancelled; a run that is cancelled is told;
* a workflow that is no coroutine holds a thread while it waits, and so does a coroutine that is started from outside
  a loop: this one is a coroutine, in a loop of its own;
* it stores by pickle unless told otherwise: JSON;
* its threads keep database connections: ours are given back after each piece of work (``driving.py``);
* work of a process that died stays where it is, and keeps its place in a queue: no queue is used, and ``take_over``
  looks for it; that is the one private function of DBOS which is called;
* when its database is away its launch fails at once: the process ends, and is started again;
* its SQLite file is not in WAL mode: it is made so first;
* what ended stays for ever: ``forget`` removes it.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID

from mainstay.engine.runbooks.driving import Driver
from mainstay.settings import CONFIGURATION, DATA

_log = logging.getLogger(__name__)

NAME, VERSION = "mainstay-runs", "1"
"""The version changes when the workflow's own shape does, and not with Mainstay's."""
FOLDER = DATA / ".runs"
"""Hidden, so that no copy of Mainstay takes it along: what is in it is known again from the runs themselves."""
TOPIC = "knock"
LONGEST = 3600.0
"""Seconds after which a run that waits is looked at though nobody knocked."""
ROUNDS = 200
"""Looks after which a drive ends, and a new one begins: a workflow is replayed from its first step."""
LIVE = ("PENDING", "ENQUEUED", "DELAYED")
_PATIENCE = 30.0
GRACE = 1.0
"""Seconds for which a process must be gone before its runs are taken over."""
_LOCKS = 0x52554E53
"""First half of the PostgreSQL advisory locks by which processes show that they live."""

_driver: Driver | None = None


@DBOS.step(name="drive")
async def _drive(number: int) -> float | None:
    assert _driver is not None  # noqa: S101 - set before the launch
    return await _driver.drive(number)


@DBOS.workflow(name="run", max_recovery_attempts=1_000_000)
async def run(number: int) -> str:
    """Drive a run until it is over. Its steps and their order are all that a replay may rely on."""
    for _ in range(ROUNDS):
        seconds = await _drive(number)
        if seconds is None:
            return "over"
        await DBOS.recv_async(TOPIC, timeout_seconds=min(max(seconds, 0.01), LONGEST))
    return "again"


@dataclass(slots=True)
class Durable:
    """DBOS in this process. For one at a time."""

    driver: Driver
    folder: Any = FOLDER
    database: str = CONFIGURATION.database
    _lock: Any = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _shown: psycopg.Connection[Any] | None = None
    _gone: dict[str, float] = field(default_factory=dict)

    def launch(self) -> None:
        """Raises OSError when another process of this workspace has it, and whatever a database that is away makes
        DBOS raise."""
        global _driver  # noqa: PLW0603 - DBOS registers functions of a module, and there is one process
        _driver = self.driver
        url = _url(self.database) if self.database else self._own_file()
        if self.database:
            self._show()
        config: DBOSConfig = {
            "name": NAME, "system_database_url": url, "executor_id": self.driver.holder,
            "application_version": VERSION, "serializer": DBOSPortableJSONSerializer(), "log_level": "ERROR",
            "sys_db_pool_size": 5, "notification_listener_polling_interval_sec": 0.2, "enable_otlp": False,
        }  # fmt: skip
        DBOS(config=config)
        DBOS.launch()
        threading.Thread(target=self._loop.run_forever, name="runs", daemon=True).start()

    def _own_file(self) -> str:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (self.folder / "runs.lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._lock = lock
        path = self.folder / "runs.sqlite3"
        with contextlib.closing(sqlite3.connect(path, timeout=20)) as file:
            file.execute("pragma journal_mode=wal")
        os.chmod(path, 0o600)  # noqa: PTH101
        return f"sqlite:///{path}"

    def _show(self) -> None:
        """Hold a lock by which others see that this process lives, for as long as its connection does."""
        if self._shown is not None and not self._shown.closed:
            with contextlib.suppress(psycopg.Error):
                self._shown.execute("select 1")
                return
        self._shown = psycopg.connect(self.database, autocommit=True, connect_timeout=5)
        self._shown.execute("select pg_advisory_lock(%s, %s)", (_LOCKS, _number(self.driver.holder)))

    def close(self) -> None:
        """Runs stay where they are."""
        DBOS.destroy()
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._shown is not None:
            self._shown.close()
        if self._lock is not None:
            self._lock.close()

    # What the desk does

    def start(self, drive: str, number: int) -> None:
        """Drive a run under a name; the same name a second time is nothing new."""

        async def begun() -> None:
            with SetWorkflowID(drive):
                await DBOS.start_workflow_async(run, number)

        asyncio.run_coroutine_threadsafe(begun(), self._loop).result(_PATIENCE)

    def knock(self, drive: str, knocks: int) -> None:
        """Once for each number of knocks."""
        DBOS.send(drive, knocks, TOPIC, idempotency_key=f"{drive}-{knocks}")

    def states(self, drives: Iterable[str]) -> dict[str, str]:
        """Drive → how DBOS has it; those that it does not know are missing."""
        wanted = list(drives)
        if not wanted:
            return {}
        found = DBOS.list_workflows(workflow_ids=wanted, load_input=False, load_output=False)
        return {one.workflow_id: str(one.status) for one in found}

    def take_over(self, now: float) -> list[str]:
        """Go on with the runs of processes that are gone, ``now`` in steady seconds. Their names."""
        owners = {str(one.executor_id) for one in self._pending()} - {self.driver.holder}
        dead = owners - self._alive() if self.database else owners
        self._gone = {one: self._gone.get(one, now) for one in dead}
        ripe = [one for one, since in self._gone.items() if not self.database or now - since >= GRACE]
        if ripe:
            DBOS._recover_pending_workflows(ripe)
            _log.warning("the runs of %s are taken over", ", ".join(ripe))
        return ripe

    def _pending(self) -> list[Any]:
        return list(DBOS.list_workflows(status="PENDING", load_input=False, load_output=False))

    def _alive(self) -> set[str]:
        """Owners of pending work whose lock is held."""
        self._show()
        assert self._shown is not None  # noqa: S101 - just made
        rows = self._shown.execute(
            "select objid::bigint from pg_locks where locktype = 'advisory' and classid = %s and granted", (_LOCKS,)
        )
        held = {int(row[0]) for row in rows}
        return {str(one.executor_id) for one in self._pending() if _number(str(one.executor_id)) % 2**32 in held}

    def forget(self, drives: Iterable[str]) -> None:
        """Remove what is over."""
        if wanted := list(drives):
            DBOS.delete_workflows(wanted)

    def ended(self, limit: int = 500) -> list[str]:
        """Drives that are over."""
        found = DBOS.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"], limit=limit, load_input=False,
            load_output=False,
        )  # fmt: skip
        return [one.workflow_id for one in found]


def _number(holder: str) -> int:
    """A signed 32 bit number of a process."""
    return zlib.crc32(holder.encode()) - 2**31


def _url(address: str) -> str:
    return address.replace("postgres://", "postgresql://", 1)


@contextlib.contextmanager
def launched(driver: Driver) -> Iterator[Durable]:
    """DBOS for as long as the block lasts."""
    durable = Durable(driver)
    try:
        durable.launch()
        yield durable
    finally:
        durable.close()
