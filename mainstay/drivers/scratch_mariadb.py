"""A MariaDB for a restored copy: reached by a socket file in a closed directory alone, with no events and no log that
others follow, and gone when it is closed or when whoever started it dies."""

import contextlib
import signal
import time
from pathlib import Path
from urllib.parse import quote

import pymysql

from mainstay.drivers import program, scratch_place
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.mariadb_session import Login
from mainstay.drivers.program import Limits, Running

KIND = "mariadb"
_SETTINGS = (
    "--skip-networking", "--skip-log-bin", "--skip-slave-start", "--event-scheduler=OFF", "--performance-schema=OFF",
    "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF", "--innodb-buffer-pool-size=64M",
    "--skip-name-resolve", "--character-set-server=utf8mb4", "--local-infile=OFF",
)  # fmt: skip


def account() -> str:
    """Whom the server runs as; empty for ourselves."""
    return scratch_place.account("mysql")


def home(directory: Path) -> Path:
    """The directory of a run's server, with ``data``, ``socket`` and ``log``; made when it is not there."""
    return scratch_place.home(directory, KIND, account())


class Scratch:
    """A running server. A ``data`` directory that is there already is used, with its accounts left aside; else an empty
    one is made."""

    def __init__(self, directory: Path, until: float) -> None:
        """Raises ToolFailed."""
        self._directory, self._until, self._user = directory, until, account()
        self.server = program.found("mariadbd")
        self.home = home(directory)
        self.log = self.home / "log"
        own = not (self.home / "data" / "mysql").exists()
        if own:
            self._make()
        self._running = self._start()
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    @property
    def socket(self) -> str:
        return str(self.home / "socket" / "my.sock")

    def dsn(self, database: str) -> str:
        """How to reach it; no password is needed by whoever may enter the directory."""
        return f"mariadb://root@localhost/{quote(database)}?socket={quote(self.socket)}"

    def login(self, database: str = "") -> Login:
        return Login("root", "", "localhost", 3306, self.socket, database, {})

    def _make(self) -> None:
        words = ["--auth-root-authentication-method=normal", "--skip-test-db", "--cross-bootstrap"]
        base = ["--no-defaults", f"--datadir={self.home / 'data'}", f"--tmpdir={self.home}"]
        ended = program.run(
            ["mariadb-install-db", *base, *words], until=self._until, limits=Limits(user=self._user)
        )  # fmt: skip
        if ended.code:
            raise ToolFailed("failed", f"mariadb-install-db: {(ended.err or ended.out).strip()[-300:]}")

    def _start(self) -> Running:
        words = [
            self.server, "--no-defaults", f"--datadir={self.home / 'data'}", f"--tmpdir={self.home}",
            f"--socket={self.socket}", f"--pid-file={self.home / 'pid'}", "--skip-grant-tables",
            f"--secure-file-priv={self.home / 'socket'}", *_SETTINGS,
        ]  # fmt: skip
        limits = Limits(nice=10, user=self._user, stop=signal.SIGTERM, patience=5)
        with self.log.open("ab") as log:
            return Running(words, {}, limits, out=log, err=log)

    def _wait(self) -> None:
        while True:
            if self._running.process.poll() is not None:
                raise ToolFailed("failed", f"the scratch server ended: {self.said()}")
            if time.monotonic() > self._until:
                raise ToolFailed("timeout", f"the scratch server did not start in time: {self.said()}")
            if self._answers():
                return
            time.sleep(0.05)

    def _answers(self) -> bool:
        if not Path(self.socket).exists():  # the library loses a socket that it could not connect
            return False
        try:
            pymysql.connect(unix_socket=self.socket, user="root").close()
        except pymysql.MySQLError:
            return False
        return True

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace").strip()[-500:]

    def close(self) -> None:
        """End it and remove it."""
        self._running.end()
        scratch_place.remove(self._directory, KIND)


def sweep(directory: Path) -> None:
    """Remove what a run that was killed left in its directory. Its server died with it; one that did not is ended, if
    it is what it should be."""
    if (where := scratch_place.left(directory, KIND)) is None:
        return
    with contextlib.suppress(OSError, ValueError):
        scratch_place.end(int((where / "pid").read_text()), "mariadbd", where / "data")
    scratch_place.remove(directory, KIND)
