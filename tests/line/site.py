"""A workspace with Mainstay's own processes, which a story may kill, and what it watches and tells."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import forked, servers
from tests.workspace import make_ready

PATIENCE = 90.0
"""Seconds that a story waits for what must come; nothing is asserted about how long it took."""

PREPARE = """
import django; django.setup()
import json, sys
from mainstay.catalogue.actions import apply
from mainstay.catalogue.examine import examine
from mainstay.domain.actor import ENGINE
files = {name: text.encode() for name, text in json.load(sys.stdin).items()}
apply(examine(files).catalogue, actor=ENGINE)
"""


class Site:
    """``database`` is the address of a PostgreSQL that keeps Mainstay's own data; empty: SQLite in the folder."""

    def __init__(self, folder: Path, database: str = "", allowed: Sequence[str] = ("127.0.0.0/8",)) -> None:
        self.folder, self.database = folder, database
        self.environment = {key: value for key, value in os.environ.items() if key != "MAINSTAY_DATABASE"} | {
            "MAINSTAY_WORKSPACE": str(folder), "DJANGO_SETTINGS_MODULE": "mainstay.settings",
        }  # fmt: skip
        if database:
            self.environment["MAINSTAY_DATABASE"] = database
        (folder / "data").mkdir(exist_ok=True)
        (folder / "mainstay.toml").write_text(f"settle = 0.0\n[networks]\nallowed = {json.dumps(list(allowed))}\n")

    def apply(self, system: str, hook: str = "", channels: str = "") -> None:
        """Make the database ready and the catalogue so; ``hook`` is the address of a webhook that is told of all."""
        told = channels or (f"channels:\n  hook: {{kind: webhook, url: '{hook}'}}\n" if hook else "channels: {}\n")
        make_ready(self.folder, self.environment)
        self.run(PREPARE, json.dumps({"system.yaml": system, "channels.yaml": told}))

    def run(self, script: str, given: str = "") -> str:
        """A piece of Python in a process of its own, with the workspace's settings."""
        done = forked.run("-c", script, environment=self.environment, given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def process(
        self, role: str, before: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """One of Mainstay's processes; ended with the block unless it was killed in it. What it says is in ``log``."""
        command = [*before, sys.executable, "-m", f"mainstay.{role}.main"]
        with self.log(role).open("ab") as log:
            process = subprocess.Popen(command, env={**self.environment, **(environment or {})}, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()
            process.wait()

    def log(self, role: str) -> Path:
        return self.folder / f"{role}.log"

    @contextmanager
    def processes(self, *roles: str) -> Iterator[None]:
        with ExitStack() as stack:
            for role in roles:
                stack.enter_context(self.process(role))
            yield

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database holds, read past Mainstay."""
        if self.database:
            with psycopg.connect(self.database, connect_timeout=5) as db:
                return db.execute(query.encode()).fetchall()
        db = sqlite3.connect(f"file:{self.folder / 'data/mainstay.sqlite3'}?mode=ro", uri=True, timeout=20)
        try:
            return db.execute(query).fetchall()
        finally:
            db.close()

    def count(self, query: str) -> int:
        return int(self.rows(query)[0][0])

    # What must hold, whatever was killed

    def states(self) -> dict[str, str]:
        """How each check stands, by name."""
        return dict(
            self.rows(
                "select c.name, s.state from monitoring_standing s join catalogue_check c on c.id = s.check_id"
                " where c.kind <> 'online'"
            )
        )

    def changes(self) -> dict[str, list[tuple[str, str]]]:
        """The state changes of each check in the order they happened: before and after."""
        found: dict[str, list[tuple[str, str]]] = {name: [] for name in self.states()}
        for name, before, after in self.rows(
            "select c.name, h.before, h.after from monitoring_statechange h"
            " join catalogue_check c on c.id = h.check_id where c.kind <> 'online' order by h.at, h.id"
        ):
            found[name].append((before, after))
        return found

    def assert_whole(self) -> None:
        """Every state is the end of an unbroken chain of changes, every failing is in exactly one incident, and
        whoever was told of an incident was told once by each word."""
        states = self.states()
        for name, chain in self.changes().items():
            story = ["unknown", *(after for _, after in chain)]
            assert [before for before, _ in chain] == story[:-1], f"{name}: {chain}"
            assert states[name] == story[-1], f"{name} stands {states[name]} after {chain}"
        told = self.rows(
            "select h.id, count(e.id) from monitoring_statechange h left join incidents_entry e on e.change_id = h.id"
            " where h.after in ('warning', 'critical') and h.muted = '' group by h.id"
        )
        assert {count for _, count in told} <= {1}, told
        known = self.rows("select key, count(*) from notices_notice group by key having count(*) > 1")
        assert not known, known


def until(holds: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait for what must come, and hand it on. A database that is away for the moment is asked again."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if found := holds():
                return found
        except (psycopg.OperationalError, sqlite3.OperationalError):
            if time.monotonic() > deadline:
                raise
        assert time.monotonic() < deadline, f"did not come within {seconds:g} s"
        time.sleep(0.1)


class Targets:
    """Listeners that are looked at; one can be shut and opened again at the same port."""

    def __init__(self, count: int, host: str = "127.0.0.1") -> None:
        self._host = host
        self.ports = [servers.free_port() for _ in range(count)]
        self._open: dict[int, socket.socket] = {}
        for number in range(count):
            self.open(number)

    def open(self, number: int) -> None:
        if number not in self._open:
            # the kernel takes the connections; nobody needs to accept them
            self._open[number] = socket.create_server((self._host, self.ports[number]), backlog=4096)

    def shut(self, number: int) -> None:
        if sock := self._open.pop(number, None):
            sock.close()

    def close(self) -> None:
        for number in list(self._open):
            self.shut(number)

    def catalogue(self, every: str = "1s", more: str = "") -> str:
        """A system with a component and a check for each target, so that each failing is an incident of its own."""
        lines = ["system: shop", "tier: 1", "components:"]
        lines += [f"  part{number}: {{kind: http, url: 'http://{self._host}:{port}/'}}"
                  for number, port in enumerate(self.ports)]  # fmt: skip
        lines += ["checks:"]
        lines += [
            f"  c{number}: {{probe: {{kind: tcp, on: part{number}, host: {self._host}, port: {port}}}, every: {every},"
            f" timeout: 1s, flapping: false, impact: outage}}"
            for number, port in enumerate(self.ports)
        ]
        return "\n".join(lines) + "\n" + more


@pytest.fixture
def targets() -> Iterator[Callable[[int], Targets]]:
    with ExitStack() as stack:

        def opened(count: int) -> Targets:
            made = Targets(count)
            stack.callback(made.close)
            return made

        yield opened


def copies(arrived: Sequence[tuple[str, Any]]) -> dict[str, int]:
    """Keys that arrived more than once, and how often."""
    return {key: count for key, count in Counter(key for key, _ in arrived).items() if count > 1}
