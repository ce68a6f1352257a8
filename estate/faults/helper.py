"""The resident part of a fault: `python -m estate.faults.helper NAME DIR`, a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from estate import postgres
from estate.faults import state
from estate.layout import Layout, read_json
from estate.tryton import OWNER

LONGEST = 600.0  # seconds for a fault that costs the machine something


class Stay:
    """How long the harm goes on: while it is wanted and the estate lives."""

    def __init__(self, name: str, layout: Layout, facts: dict[str, Any]) -> None:
        self.name, self.layout = name, layout
        self.supervisor = int(facts["supervisor_pid"])
        self.started = time.monotonic()

    def goes_on(self, longest: float | None = None) -> bool:
        if longest and time.monotonic() - self.started > longest:
            return False
        return Path(f"/proc/{self.supervisor}").exists() and state.is_broken(self.layout, self.name)

    def say_done(self) -> None:
        (self.layout.control / f"done-{self.name}").touch()


def hold_lock(facts: dict[str, Any], stay: Stay) -> None:
    with psycopg.connect(facts["admin_dsn"], application_name="nightly-report") as db:
        db.execute("SET lock_timeout = '15s'")
        db.execute("LOCK TABLE sale_sale IN ACCESS EXCLUSIVE MODE")
        stay.say_done()
        while stay.goes_on():
            time.sleep(0.5)


def take_connections(facts: dict[str, Any], stay: Stay) -> None:
    """As an ordinary user, so that the administrator's reserved connections remain."""
    taken: list[psycopg.Connection[Any]] = []
    address = leaky_dsn(facts)
    while stay.goes_on():
        try:
            taken.append(psycopg.connect(address, connect_timeout=3, application_name="leaky-client"))
        except psycopg.OperationalError:
            stay.say_done()
            time.sleep(0.5)


def leaky_dsn(facts: dict[str, Any]) -> str:
    config = (Path(facts["log_dir"]).parent / "trytond.conf").read_text()
    uri = next(line.split(" = ", 1)[1] for line in config.splitlines() if line.startswith("uri = postgresql"))
    assert OWNER in uri
    return f"{uri}/{postgres.DATABASE}"


def burn(_facts: dict[str, Any], stay: Stay) -> None:
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        stay.say_done()
        while stay.goes_on(LONGEST):
            time.sleep(0.5)
    finally:
        for loop in loops:
            loop.kill()


WORK: dict[str, Callable[[dict[str, Any], Stay], None]] = {
    "database-slow": hold_lock,
    "connections-exhausted": take_connections,
    "cpu-burning": burn,
}


def main(name: str, root: str) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    layout = Layout(Path(root))
    facts = read_json(layout.facts)
    with contextlib.suppress(psycopg.OperationalError):  # the server went away: nothing left to harm
        WORK[name](facts, Stay(name, layout, facts))


if __name__ == "__main__":
    main(*sys.argv[1:])
