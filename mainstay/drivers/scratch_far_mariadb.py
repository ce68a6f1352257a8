"""A MariaDB for a restored copy on another host."""

import signal
from pathlib import Path
from urllib.parse import quote

import pymysql

from mainstay.domain.saying import say
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.far_host import FarHost
from mainstay.drivers.mariadb_session import Login
from mainstay.drivers.scratch_far_server import FarServer
from mainstay.drivers.scratch_mariadb import making_of, settings_of

_SOCKET = "my.sock"


class FarScratch(FarServer):
    """A running server."""

    def __init__(self, host: FarHost, directory: Path, until: float) -> None:
        """Raises ToolFailed."""
        if not host.mariadb:
            raise ToolFailed("missing", say("that host has no MariaDB: apt-get install mariadb-server"))
        super().__init__(host, directory, until)
        self._make(making_of(self.there))
        self._begin([host.mariadb, *settings_of(self.there)], _SOCKET, signal.SIGTERM)

    def dsn(self, database: str) -> str:
        """How to reach it from here; no password is needed by whoever may enter the directory."""
        return f"mariadb://root@localhost/{quote(database)}?socket={quote(self._near)}"

    def login(self, database: str = "") -> Login:
        return Login("root", "", "localhost", 3306, self._near, database, {})

    def login_there(self) -> Login:
        """How programs of that host reach it."""
        return Login("root", "", "localhost", 3306, str(self.there / "socket" / _SOCKET), "", {})

    @property
    def _near(self) -> str:
        return str(self.home / "socket" / _SOCKET)

    def _answers(self) -> bool:
        try:
            pymysql.connect(unix_socket=self._near, user="root", connect_timeout=10).close()
        except (pymysql.MySQLError, OSError):
            return False
        return True
