"""Many checks through the whole line: the real checker on a real SQLite file, looked, judged and stored."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.servers import cpu_seconds, running

WARM = 30.0
"""Seconds after the first round until the backlog of its making is written and forgotten."""


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU in milliseconds (user and system) a check; delays in milliseconds; memory in MB."""

    kind: str
    checks: int
    wanted_per_second: float
    per_second: float
    cpu_ms: float
    delay_p50: float
    delay_p99: float
    memory: float
    not_ok: int


def measure(directory: Path, kind: str, count: int, every: float, port: int, seconds: float) -> Measured:
    """Run the checker on ``count`` checks until its first round is over, then watch it for ``seconds``.

    With more than it can do the rounds fall behind: then fewer looks a second come out than were wanted.
    """
    workspace = directory / f"{kind}-{count}-{every:g}"
    workspace.mkdir()
    environment = {"MAINSTAY_WORKSPACE": str(workspace), "MAINSTAY_PORT": "9"}
    fill = [sys.executable, "-m", "bench.workspace", kind, str(count), f"{every:g}", str(port)]
    with (workspace / "fill.log").open("wb") as log:
        subprocess.run(fill, check=True, stdout=log, stderr=log, env={**os.environ, **environment})
    with running([sys.executable, "-m", "mainstay.checker.main"], workspace / "log", environment) as checker:
        database = sqlite3.connect(workspace / "data" / "mainstay.sqlite3", timeout=30)
        _await_all_known(database, count)
        time.sleep(WARM)
        pulses = _Pulses(database)
        pulses.next()
        pulses.next()  # the first may be as old as a pulse can be
        began, cpu = time.monotonic(), cpu_seconds(checker)
        looks, p50, p99 = 0, [], []
        while time.monotonic() - began < seconds:
            facts = pulses.next()
            looks += facts["looks"]
            p50.append(facts["delay_p50"])
            p99.append(facts["delay_p99"])
        spent, lasted = cpu_seconds(checker) - cpu, time.monotonic() - began
        memory = checker.memory_info().rss / 1e6
        not_ok = database.execute("SELECT count(*) FROM monitoring_standing WHERE state != 'ok'").fetchone()[0]
        database.close()
    return Measured(
        kind, count, count / every, looks / lasted, spent / looks * 1000, sorted(p50)[len(p50) // 2] * 1000,
        max(p99) * 1000, memory, not_ok,
    )  # fmt: skip


def _await_all_known(database: sqlite3.Connection, count: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        known = database.execute("SELECT count(*) FROM monitoring_standing").fetchone()[0]
        if known >= count:
            return
        time.sleep(0.5)
    raise TimeoutError(f"only {known} of {count} checks were looked at within two minutes")


class _Pulses:
    """The checker's own account, each time it gives a new one."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database, self._last = database, ""

    def next(self) -> dict[str, float]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            row = self._database.execute("SELECT at, facts FROM monitoring_pulse WHERE process='checker'").fetchone()
            if row and row[0] != self._last:
                self._last = row[0]
                facts: dict[str, float] = json.loads(row[1])
                return facts
            time.sleep(0.02)
        raise TimeoutError("the checker gives no pulse")
