"""A MariaDB for a restored copy: reached by a socket file in a closed directory alone, with no events and no log that
others follow, and gone when it is closed or when whoever started it dies."""

import contextlib
import signal
from pathlib import Path
from urllib.parse import quote

import pymysql

from mainstay.drivers import program, scratch_place
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.mariadb_session import Login
from mainstay.drivers.scratch_server import Server

KIND = "mariadb"
_SETTINGS = (
    "--skip-networking", "--skip-log-bin", "--skip-slave-start", "--event-scheduler=OFF", "--performance-schema=OFF",
    "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF", "--innodb-buffer-pool-size=64M",
    "--skip-name-resolve", "--character-set-server=utf8mb4", "--local-infile=OFF",
)  # fmt: skip


def making_of(home: Path) -> list[str]:
    """The words that make an empty server's ``data`` below ``home``."""
    words = ["--auth-root-authentication-method=normal", "--skip-test-db", "--cross-bootstrap"]
    return ["mariadb-install-db", "--no-defaults", f"--datadir={home / 'data'}", f"--tmpdir={home}", *words]


def settings_of(home: Path) -> list[str]:
    """The words for a server below ``home``, behind the program's name."""
    return [
        "--no-defaults", f"--datadir={home / 'data'}", f"--tmpdir={home}", f"--socket={home / 'socket' / 'my.sock'}",
        f"--pid-file={home / 'pid'}", f"--secure-file-priv={home / 'socket'}", *_SETTINGS,
    ]  # fmt: skip


OPEN = "--skip-grant-tables"
"""Lets everybody in, whatever accounts there are. Not for an empty server, which no event could be made in then."""


def account() -> str:
    """Whom the server runs as; empty for ourselves."""
    return scratch_place.account("mysql")


def home(directory: Path) -> Path:
    """The directory of a run's server, with ``data``, ``socket`` and ``log``; made when it is not there."""
    return scratch_place.home(directory, KIND, account())


class Scratch(Server):
    """A running server. A ``data`` directory that is there already is used, with its accounts left aside; else an empty
    one is made."""

    def __init__(self, directory: Path, until: float) -> None:
        """Raises ToolFailed."""
        self.server = program.found("mariadbd")
        super().__init__(directory, KIND, account(), until)
        words = [self.server, *settings_of(self.home)]
        if (self.home / "data" / "mysql").exists():
            words.append(OPEN)
        else:
            self._make()
        self._begin(words, signal.SIGTERM)

    @property
    def socket(self) -> str:
        return str(self.home / "socket" / "my.sock")

    def dsn(self, database: str) -> str:
        """How to reach it; no password is needed by whoever may enter the directory."""
        return f"mariadb://root@localhost/{quote(database)}?socket={quote(self.socket)}"

    def login(self, database: str = "") -> Login:
        return Login("root", "", "localhost", 3306, self.socket, database, {})

    def _make(self) -> None:
        ended = program.run(making_of(self.home), until=self._until, limits=self._polite())
        if ended.code:
            raise ToolFailed("failed", f"mariadb-install-db: {(ended.err or ended.out).strip()[-300:]}")

    def _answers(self) -> bool:
        if not Path(self.socket).exists():  # the library loses a socket that it could not connect
            return False
        try:
            pymysql.connect(unix_socket=self.socket, user="root").close()
        except pymysql.MySQLError:
            return False
        return True


def sweep(directory: Path) -> None:
    """Remove what a run that was killed left in its directory. Its server died with it; one that did not is ended, if
    it is what it should be."""
    if (where := scratch_place.left(directory, KIND)) is None:
        return
    with contextlib.suppress(OSError, ValueError):
        scratch_place.end(int((where / "pid").read_text()), "mariadbd", where / "data")
    scratch_place.remove(directory, KIND)
