"""Servers that a story kills and starts again, at the same address and with what they had on disk."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from estate import postgres
from tests import servers


class Mortal:
    """A server and all its processes. ``options`` go to ``subprocess``."""

    def __init__(
        self, command: Sequence[str], log: Path, ready: Callable[[], bool], options: Mapping[str, Any]
    ) -> None:
        self._command, self._log, self._ready, self._options = command, log, ready, dict(options)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, **self._options, cwd="/", stdout=log, stderr=log)
        while not self._ready():
            assert self._process.poll() is None, self._log.read_text()[-2000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """As when the machine's power fails for it alone: no process of it does another step."""
        if self._process is None or self._process.poll() is not None:
            return
        family = [psutil.Process(self._process.pid), *psutil.Process(self._process.pid).children(recursive=True)]
        for one in family:
            try:
                one.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:
                continue
        self._process.wait()
        psutil.wait_procs(family, timeout=30)

    def wait(self) -> int:
        """How it ended by itself."""
        assert self._process is not None
        return self._process.wait(60)


@contextmanager
def postgresql() -> Iterator[tuple[Mortal, str]]:
    """A PostgreSQL that keeps what it committed; with its administrator's address."""
    try:
        programs = postgres.find()
    except postgres.NoPostgresql as error:
        pytest.skip(str(error))
    with servers.directory("mortal") as here:
        postgres.make_cluster(programs, here / "data", "pass")
        port = servers.free_port()
        address = postgres.dsn(port, postgres.ADMIN, "pass", "postgres")
        command = [*programs.command(here / "data", port), "-k", "", "-c", "fsync=on", "-c", "synchronous_commit=on"]
        server = Mortal(command, here / "log", lambda: postgres.answers(address), postgres.account(programs.user))
        server.start()
        try:
            yield server, address
        finally:
            server.kill()


@contextmanager
def mail(folder: Path) -> Iterator[tuple[Mortal, int]]:
    """A mail server that keeps each mail in ``folder/new``; with its port. When ``folder/trap`` says ``before`` it
    dies before it has taken the next mail, when it says ``after`` once it has, but before it says so."""
    port = servers.free_port()

    def listens() -> bool:
        return any(one.laddr.port == port and one.status == "LISTEN" for one in psutil.net_connections("tcp"))

    command = [sys.executable, str(Path(__file__).with_name("mortal_mail.py")), str(port), str(folder)]
    server = Mortal(command, folder / "log", listens, {})
    server.start()
    try:
        yield server, port
    finally:
        server.kill()
