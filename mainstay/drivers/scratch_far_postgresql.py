"""A PostgreSQL for a restored copy on another host: reached there by a socket file in a closed directory alone, and
from here by a socket file that leads to it through SSH. It ends with the connection."""

import signal
import time
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from mainstay.domain.saying import say
from mainstay.drivers import scratch_place
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.far_host import FarHost
from mainstay.drivers.program import Limits
from mainstay.drivers.scratch_postgresql import ADMIN, settings_of
from mainstay.drivers.scratch_server import MEMORY

KIND = "far"
_PAUSE = 0.1
_SOCKET = ".s.PGSQL.5432"


class FarScratch:
    """A running server. ``home``: our own directory for its socket and log; ``programs``: where its programs lie
    there; ``there``: how programs of that host reach it."""

    def __init__(self, host: FarHost, directory: Path, major: int, until: float) -> None:
        """Raises ToolFailed."""
        self._host, self._directory, self._until = host, directory, until
        if major not in host.postgresql:
            text = say("that host has no PostgreSQL %(major)s: apt-get install postgresql-%(major)s", major=major)
            raise ToolFailed("missing", text)
        self.programs = Path(host.postgresql[major])
        self._far = host.path / "server"
        self._closed = self._lost = False
        self.there = make_conninfo("", host=str(self._far / "socket"), port=5432, user=ADMIN)
        self.home = scratch_place.home(directory, KIND, "")
        self.log = self.home / "log"
        polite = Limits(nice=10, memory=MEMORY)
        host.run(["mkdir", "-m", "700", str(self._far), str(self._far / "socket")], until=until)
        words = ["-U", ADMIN, "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C.UTF-8", "--no-instructions"]
        host.run([str(self.programs / "initdb"), "-D", str(self._far / "data"), *words], until=until, limits=polite)
        limits = Limits(nice=10, memory=MEMORY, stop=signal.SIGQUIT, patience=5)
        self._server = host.running(self._words(), limits, self.log)
        try:
            self._tunnel = host.tunnel(self._far / "socket" / _SOCKET, self.home / "socket" / _SOCKET, until)
        except BaseException:
            self._server.end()
            raise
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def conninfo(self, database: str = "postgres", user: str = ADMIN) -> str:
        """How to reach it from here."""
        return make_conninfo("", host=str(self.home / "socket"), port=5432, user=user, dbname=database)

    def _answers(self) -> bool:
        """Whether it takes a session, and the way there stands."""
        try:
            psycopg.connect(self.conninfo(), connect_timeout=10).close()
        except psycopg.OperationalError:
            return False
        return True

    def lost(self) -> bool:
        """Whether the way there is gone, or was before it was closed, or the server is."""
        return self._lost if self._closed else not self._answers()

    def close(self) -> None:
        """End it. Its files go with the place there."""
        self._closed, self._lost = True, self._tunnel.process.poll() is not None
        self._tunnel.end()
        self._server.end()
        with suppress(OSError):
            scratch_place.remove(self._directory, KIND)

    def _words(self) -> list[str]:
        chosen = settings_of(self._far / "socket")
        words = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self._far / "data"), *words]

    def _wait(self) -> None:
        while not self._answers():
            if self._server.process.poll() is not None:
                raise self._host.ended() or ToolFailed("refused", f"the scratch server ended: {self._said()}")
            if time.monotonic() > self._until:
                raise ToolFailed("timeout", f"the scratch server did not start in time: {self._said()}")
            time.sleep(_PAUSE)

    def _said(self) -> str:
        return self.log.read_text(errors="replace").strip()[-500:]


def sweep(directory: Path) -> None:
    """Remove what a run that was killed left here; there the keeper does it."""
    scratch_place.remove(directory, KIND)
