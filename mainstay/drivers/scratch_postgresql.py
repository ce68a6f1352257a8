"""A PostgreSQL for a restored copy: of the right major version, reached by a socket file in a closed directory alone,
sending nothing anywhere, and gone when it is closed or when whoever started it dies.
"""

import contextlib
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from mainstay.drivers import postgresql_programs, program, scratch_place
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.scratch_server import Server

ADMIN = "mainstay_scratch"
KIND = "postgresql"
_SETTINGS = {
    "listen_addresses": "", "archive_mode": "off", "fsync": "off", "full_page_writes": "off",
    "synchronous_commit": "off", "shared_preload_libraries": "", "max_logical_replication_workers": "0",
    "primary_conninfo": "", "shared_buffers": "64MB", "max_connections": "30", "jit": "off", "autovacuum": "off",
    "logging_collector": "off", "log_destination": "stderr", "event_source": "mainstay", "ssl": "off",
    "max_wal_size": "1GB", "maintenance_work_mem": "128MB", "cluster_name": "mainstay-scratch",
}  # fmt: skip


def settings_of(socket: Path) -> dict[str, str]:
    """Of a scratch server whose socket lies in that directory."""
    return {**_SETTINGS, "unix_socket_directories": str(socket)}


def account() -> str:
    """Whom the server runs as; empty for ourselves."""
    return scratch_place.account("postgres")


def home(directory: Path) -> Path:
    """The directory of a run's server, with ``data``, ``socket`` and ``log``; made when it is not there."""
    return scratch_place.home(directory, KIND, account())


class Scratch(Server):
    """A running server. ``major``: its version; ``data``: a cluster that is there already, else an empty one is made.
    ``settings`` win over our own."""

    def __init__(self, directory: Path, major: int, until: float, *, settings: Mapping[str, str] | None = None) -> None:
        """Raises ToolFailed."""
        self.programs = postgresql_programs.server(major)
        super().__init__(directory, KIND, account(), until)
        if not (self.home / "data" / "PG_VERSION").exists():
            self._make()
        self._begin(self._words(settings or {}), signal.SIGQUIT)

    def conninfo(self, database: str = "postgres", user: str = ADMIN) -> str:
        """How to reach it; no password is needed by whoever may enter the directory."""
        return make_conninfo("", host=str(self.home / "socket"), port=5432, user=user, dbname=database)

    def _make(self) -> None:
        words = ["-D", str(self.home / "data"), "-U", ADMIN, "--auth=trust", "--encoding=UTF8", "--no-sync"]
        words += ["--locale=C.UTF-8", "--no-instructions"]
        ended = program.run([str(self.programs / "initdb"), *words], until=self._until, limits=self._polite())
        if ended.code:
            raise ToolFailed("failed", f"initdb: {ended.err.strip()[-300:]}")

    def _words(self, settings: Mapping[str, str]) -> list[str]:
        chosen = {**settings_of(self.home / "socket"), **settings}
        words = [word for name, value in chosen.items() if value is not None for word in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.home / "data"), *words]

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.conninfo(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def sweep(directory: Path) -> None:
    """Remove what a run that was killed left in its directory. Its server died with it; one that did not is ended, if
    it is what it should be."""
    if (where := scratch_place.left(directory, KIND)) is None:
        return
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = (where / "data" / "postmaster.pid").read_text().splitlines()
        scratch_place.end(int(lines[0]), "postgres", where / "data")
        _release(lines[6].split()[1])
    scratch_place.remove(directory, KIND)


def _release(segment: str) -> None:
    """The shared memory by which a server knows that it is alone; it outlives a kill. Not one that is in use."""
    rows = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    if any(row[1] == segment and row[6] == "0" for row in rows):
        program.run(["ipcrm", "-m", segment], until=time.monotonic() + 10)
