"""A PostgreSQL whose log is archived by pgBackRest, as a policy's tool sets it up."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.backup_tools import Keeping, Run, Source, Taken
from mainstay.drivers.backup_tools.pgbackrest import Restored, Tool
from mainstay.drivers.pgbackrest import Repositories
from mainstay.drivers.stores import Place
from tests import servers

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))
KEY = "only-for-the-test-0123456789"
TOTALS = {"lines": "select count(*) from line", "sum": "select sum(amount)::text from line"}


@dataclass
class Archive:
    """The server, its tool, and what a test asks of them."""

    dsn: str
    home: Path
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def keeping(self, key: str = KEY, sites: int = 2) -> Keeping:
        places = [Place(str(self.home / f"site-{number}")) for number in range(1, sites + 1)]
        return Keeping(self.home / "own", "shop-books", key, places)

    def tool(self, key: str = KEY, **changes: Any) -> Tool:
        given = {"component": {"dsn": self.dsn}, "totals": TOTALS, "tables": ["line"], **changes}
        return Tool(Source(**given), LOOPBACK, self.keeping(key))

    def run(self, level: str = "full", base: Taken | None = None, seconds: float = 60) -> Run:
        here = self.home / f"run-{next(self.numbers)}"
        here.mkdir(mode=0o755)
        return Run(here, time.monotonic() + seconds, lambda *_: None, level, base.point if base else {})

    def sql(self, text: str) -> Any:
        with psycopg.connect(self.dsn, autocommit=True) as db:
            cursor = db.execute(text.encode())
            return cursor.fetchall() if cursor.description else None

    def segments(self, site: int = 1) -> list[Path]:
        """Files of the archive, oldest first."""
        return sorted((self.home / f"site-{site}" / "archive").rglob("*.zst"))

    @contextmanager
    def opened(self, taken: Taken, target: Any = None) -> Iterator[Restored]:
        run = self.run()
        copy = self.tool().open(run, taken.point, target)
        try:
            yield copy
        finally:
            copy.close()
            shutil.rmtree(run.directory)


@contextmanager
def archived(**settings: str) -> Iterator[Archive]:
    """With one table ``line`` in it; archiving works."""
    servers.program("pgbackrest")
    with servers.directory("own") as home:
        own = Repositories(Keeping(home / "own", "shop-books", KEY, []), home / "own", "")
        chosen = {
            "archive_mode": "on", "archive_command": own.archive_command(), "wal_level": "replica",
            "track_commit_timestamp": "on", **settings,
        }  # fmt: skip
        with servers.postgresql(settings=chosen) as dsn:
            archive = Archive(dsn, home)
            archive.sql("create table line (id bigserial primary key, amount numeric(12, 2) not null, note text)")
            archive.sql("insert into line (amount, note) select g * 0.01, '第' || g from generate_series(1, 2000) g")
            yield archive


def flip(path: Path) -> bytes:
    """Change one bit in the middle of a file; its content before."""
    before = path.read_bytes()
    changed = bytearray(before)
    changed[len(changed) // 2] ^= 1
    path.write_bytes(changed)
    return before


def processes(word: str) -> list[str]:
    """Command lines of all that run with this word in them."""
    listed = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if word in line and str(os.getpid()) not in line]
