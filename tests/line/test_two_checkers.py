"""Two checkers share one PostgreSQL; one is killed, and the other looks at all of it within a second."""

import json
import math
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from mainstay.checker.leases import ALL, AdvisoryLocks
from mainstay.domain.schedule import SHARDS, phase
from tests.servers import postgresql

pytestmark = pytest.mark.postgresql
CHECKS = 60
EVERY = 1.0
"""Seconds between two looks of a check."""
PREPARE = """
import django; django.setup()
from django.core.management import call_command
from mainstay.catalogue.actions import apply
from mainstay.catalogue.examine import examine
from mainstay.domain.actor import ENGINE
call_command("migrate", verbosity=0)
line = "  c%d: {{probe: {{kind: tcp, host: 127.0.0.1, port: %d}}, every: {every:g}s}}\\n"
checks = "".join(line % (number, port) for number, port in enumerate({ports}))
apply(examine({{"s.yaml": ("system: s\\nchecks:\\n" + checks).encode()}}).catalogue, actor=ENGINE)
"""
READ = """
import django; django.setup()
import json, time
from mainstay.catalogue.queries import checks
from mainstay.monitoring.queries import samples
now = time.time()
print(json.dumps({str(one): [point.at for point in samples(one.pk, "connect", now - 120, now, 100_000)]
                  for one in checks()}))
"""


class Doors:
    """Something to look at for each check, that notes when it was looked at: also what the one who is killed did not
    write any more."""

    def __init__(self) -> None:
        self.socks = [socket.create_server(("127.0.0.1", 0), backlog=64) for _ in range(CHECKS)]
        self.looked: dict[int, list[float]] = {number: [] for number in range(CHECKS)}
        self._selector = selectors.DefaultSelector()
        for number, sock in enumerate(self.socks):
            self._selector.register(sock, selectors.EVENT_READ, number)
        self._closing = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._closing:
            for key, _ in self._selector.select(0.1):
                self.looked[key.data].append(time.time())
                self.socks[key.data].accept()[0].close()

    def close(self) -> None:
        self._closing = True
        self._thread.join()
        self._selector.close()
        for sock in self.socks:
            sock.close()


@pytest.fixture
def doors() -> Iterator[Doors]:
    made = Doors()
    yield made
    made.close()


class Site:
    """A workspace on a PostgreSQL of its own."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.dsn = dsn
        self.environment = {
            **os.environ, "MAINSTAY_WORKSPACE": str(folder), "DJANGO_SETTINGS_MODULE": "mainstay.settings",
            "MAINSTAY_DATABASE": dsn,
        }  # fmt: skip
        (folder / "mainstay.toml").write_text('[networks]\nallowed = ["127.0.0.0/8"]\n')

    def run(self, script: str) -> str:
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def checker(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "mainstay.checker.main", name]
        process = subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)

    def shards(self) -> dict[str, int]:
        """How many each checker has, by its own account of the last seconds."""
        with psycopg.connect(self.dsn) as db:
            rows = db.execute("select process, facts from monitoring_pulse where at > now() - interval '8 seconds'")
            return {name: int(facts["shards"]) for name, facts in rows.fetchall() if name.startswith("checker")}

    def until(self, holds: Callable[[dict[str, int]], bool]) -> None:
        deadline = time.monotonic() + 60
        while not holds(self.shards()):
            assert time.monotonic() < deadline, self.shards()
            time.sleep(0.2)


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgresql() as dsn:
        yield dsn


def test_one_of_two_is_killed(tmp_path: Path, doors: Doors, database: str) -> None:
    site = Site(tmp_path, database)
    site.run(PREPARE.format(ports=[sock.getsockname()[1] for sock in doors.socks], every=EVERY))
    with site.checker("checker-a") as first, site.checker("checker-b"):
        site.until(lambda known: sorted(known.values()) == [SHARDS // 2, SHARDS - SHARDS // 2])
        shared = time.time()
        time.sleep(4)
        first.send_signal(signal.SIGKILL)
        first.wait()
        killed = time.time()
        site.until(lambda known: known.get("checker-b") == SHARDS)
        time.sleep(3)
        ended = time.time()
    written: dict[str, list[float]] = json.loads(site.run(READ))
    assert len(written) == CHECKS
    for number, at in doors.looked.items():
        path = f"s/c{number}"
        # Slots are times that were due: a look that came late on a busy machine is none missing.
        slots = slots_of(path, at, shared + 1, ended - 1)
        assert len(slots) == len(set(slots)), f"{path} was looked at twice in a slot"
        kept = slots_of(path, written[path], shared + 1, ended - 1)
        assert len(kept) == len(set(kept)), f"{path} was written twice in a slot"
        # What the killed one had seen and not written yet, and what nobody looked at until the other had its shards:
        # together a second of slots, which is one.
        lost = set(range(min(slots), max(slots) + 1)) - set(kept)
        assert len(lost) <= 1, f"{path}: {len(lost)} slots were lost"
        assert all(killed - 2 < slot + phase(path, EVERY) < killed + 1 for slot in lost), "only when one was killed"


def slots_of(path: str, at: list[float], after: float, before: float) -> list[int]:
    return sorted(math.floor(one - phase(path, EVERY) + 0.001) for one in at if after < one < before)


def test_two_hosts_whose_processes_have_one_number_share(database: str) -> None:
    """As in two containers, where each is number 1: here both live in this very process."""
    held: list[frozenset[int]] = [frozenset(), frozenset()]
    both = [AdvisoryLocks(psycopg.conninfo.conninfo_to_dict(database)) for _ in held]
    for number, locks in enumerate(both):
        locks.start(lambda shards, number=number: held.__setitem__(number, shards))  # type: ignore[misc]  # by default
    try:
        deadline = time.monotonic() + 60
        while not all(held) or held[0] | held[1] != ALL or held[0] & held[1]:
            assert time.monotonic() < deadline, held
            time.sleep(0.05)
    finally:
        for locks in both:
            locks.stop()
