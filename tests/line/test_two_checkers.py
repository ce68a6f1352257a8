"""Two checkers share one PostgreSQL; one is killed, and the other looks at all of it within a second."""

import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from mainstay.domain.schedule import SHARDS, phase
from tests.servers import postgresql

pytestmark = pytest.mark.postgresql
CHECKS = 60
PREPARE = """
import django; django.setup()
from django.core.management import call_command
from mainstay.catalogue.actions import apply
from mainstay.catalogue.examine import examine
from mainstay.domain.actor import ENGINE
call_command("migrate", verbosity=0)
line = "  c%d: {{probe: {{kind: tcp, host: 127.0.0.1, port: {port}}}, every: 1s}}\\n"
checks = "".join(line % number for number in range({checks}))
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


@pytest.fixture
def listener() -> Iterator[int]:
    """Takes connections in the kernel; nobody needs to accept them."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen(4096)
        yield int(sock.getsockname()[1])


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


def test_one_of_two_is_killed(tmp_path: Path, listener: int) -> None:
    with postgresql() as dsn:
        site = Site(tmp_path, dsn)
        site.run(PREPARE.format(port=listener, checks=CHECKS))
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
        looked: dict[str, list[float]] = json.loads(site.run(READ))
    assert len(looked) == CHECKS
    for path, at in looked.items():
        slots = [math.floor(one - phase(path, 1.0) + 0.001) for one in at if shared + 1 < one < ended - 1]
        assert len(slots) == len(set(slots)), f"{path} was looked at twice in a slot"
        lost = set(range(slots[0], slots[-1] + 1)) - set(slots)
        assert len(lost) <= 2, f"{path}: {len(lost)} slots lost"  # a second, which two slots share
        assert all(killed - 2 < slot + phase(path, 1.0) < killed + 2 for slot in lost), "only when one was killed"
