"""A PostgreSQL for a restored copy on another host."""

import signal
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from mainstay.domain.saying import say
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.far_host import FarHost
from mainstay.drivers.scratch_far_server import FarServer
from mainstay.drivers.scratch_postgresql import ADMIN, settings_of


class FarScratch(FarServer):
    """A running server. ``programs``: where its programs lie there."""

    def __init__(self, host: FarHost, directory: Path, major: int, until: float) -> None:
        """Raises ToolFailed."""
        if major not in host.postgresql:
            text = say("that host has no PostgreSQL %(major)s: apt-get install postgresql-%(major)s", major=major)
            raise ToolFailed("missing", text)
        self.programs = Path(host.postgresql[major])
        super().__init__(host, directory, until)
        words = ["-U", ADMIN, "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C.UTF-8", "--no-instructions"]
        self._make([str(self.programs / "initdb"), "-D", str(self.there / "data"), *words])
        chosen = settings_of(self.there / "socket")
        words = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
        words = [str(self.programs / "postgres"), "-D", str(self.there / "data"), *words]
        self._begin(words, ".s.PGSQL.5432", signal.SIGQUIT)

    def conninfo(self, database: str = "postgres", user: str = ADMIN) -> str:
        """How to reach it from here."""
        return make_conninfo("", host=str(self.home / "socket"), port=5432, user=user, dbname=database)

    def conninfo_there(self, database: str) -> str:
        """How programs of that host reach it."""
        return make_conninfo("", host=str(self.there / "socket"), port=5432, user=ADMIN, dbname=database)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.conninfo(), connect_timeout=10).close()
        except psycopg.OperationalError:
            return False
        return True
