"""A dump of MariaDB's restored into a scratch server, here or on another host."""

from collections.abc import Mapping, Sequence
from typing import Any

from mainstay.drivers import mariadb_fingerprint, mariadb_script, mariadb_session
from mainstay.drivers.backup_tools import Checked, Run, Source, ToolFailed
from mainstay.drivers.far_host import FarHost
from mainstay.drivers.far_restored import FarCopy
from mainstay.drivers.mariadb_session import ask
from mainstay.drivers.program import Limits
from mainstay.drivers.scratch_far_mariadb import FarScratch
from mainstay.drivers.scratch_mariadb import Scratch

_POLITE = Limits(nice=10)
_FROM_FILE = 'exec "$@" < "$0"'
"""A constant line for a shell there, which is handed the file and the words."""


class Restored:
    """The databases of a copy in a running scratch server."""

    def __init__(self, run: Run, point: Mapping[str, Any], only: Sequence[str] = ()) -> None:
        """Raises ToolFailed."""
        self._run, self._point = run, point
        self._databases = [one for one in point["databases"] if not only or one["name"] in only]
        if not self._databases:
            raise ToolFailed("absent", f"the copy holds no database {', '.join(only)}")
        for one in self._databases:
            if not self._ends_well(one["file"]):
                raise ToolFailed("damaged", f"the dump of {one['name']} has no end")
        self.scratch: Scratch | FarScratch = self._started()
        try:
            for number, one in enumerate(self._databases):
                run.say("restoring", number, len(self._databases))
                self._load(one)
        except BaseException:
            self.close()
            raise
        names = [one["name"] for one in self._databases]
        own = point["own"] if point["own"] in names else names[0]
        self.component: Mapping[str, Any] = {"dsn": self.scratch.dsn(own)}

    def _started(self) -> Scratch | FarScratch:
        """An empty server."""
        return Scratch(self._run.directory, self._run.until)

    def _ends_well(self, name: str) -> bool:
        file = self._run.directory / "copy" / name
        return file.exists() and mariadb_script.ends_well(file)

    def _fill(self, database: str, name: str) -> None:
        """A database, from a file of the copy."""
        file = self._run.directory / "copy" / name
        mariadb_script.load(self.scratch.login(), database, file, self._run.until, _POLITE)

    def _load(self, one: Mapping[str, Any]) -> None:
        with mariadb_session.session(self.scratch.login(), until=self._run.until) as db:
            mariadb_script.create(db, one["name"], one)
        try:
            self._fill(one["name"], one["file"])
        except ToolFailed as error:
            if error.code in ("timeout", "killed", "missing", "no-space"):
                raise
            raise ToolFailed("damaged", f"the dump cannot be loaded: {error.detail}") from None

    def fingerprint(self, source: Source) -> Mapping[str, Any]:
        prints = []
        for one in self._databases:
            own = one["name"] == self._point["own"]
            totals, tables = (source.totals, source.tables) if own else ({}, ())
            with mariadb_session.session(self.scratch.login(one["name"]), until=self._run.until) as db:
                prints.append(mariadb_fingerprint.take(db, one["name"], totals, tables))
        return mariadb_fingerprint.together(prints)

    def checks(self) -> Sequence[Checked]:
        """CHECK TABLE for each, and what the snapshot did not protect."""
        checked = []
        for one in self._databases:
            with mariadb_session.session(self.scratch.login(one["name"]), until=self._run.until) as db:
                names = [str(row[0]) for row in ask(db, mariadb_fingerprint.TABLES, (one["name"],))]
                rows = [
                    row for name in names
                    for row in ask(db, f"check table {mariadb_fingerprint.quoted(one['name'], name)} extended")
                ]  # fmt: skip
            bad = [f"{row[0]}: {row[3]}" for row in rows if str(row[2]).lower() == "error" or "orrupt" in str(row[3])]
            checked.append(Checked(f"check table {one['name']}", not bad, "; ".join(bad)[:500]))
            if one.get("unprotected"):
                said = f"no snapshot protects {', '.join(one['unprotected'])}"
                checked.append(Checked(f"snapshot {one['name']}", None, said))
        return checked

    def close(self) -> None:
        self.scratch.close()


class FarRestored(FarCopy, Restored):
    """The same on another host, where the copy lies in ``copy`` of its scratch place."""

    scratch: FarScratch

    def __init__(self, run: Run, point: Mapping[str, Any], host: FarHost) -> None:
        """Raises ToolFailed."""
        FarCopy.__init__(self, host)
        with self.told():
            Restored.__init__(self, run, point)

    def fingerprint(self, source: Source) -> Mapping[str, Any]:
        with self.told():
            return super().fingerprint(source)

    def _started(self) -> FarScratch:
        self._far = far = FarScratch(self._host, self._run.directory, self._run.until)
        return far

    def _ends_well(self, name: str) -> bool:
        tail = self._host.run(["tail", "-c", str(mariadb_script.TAIL), f"copy/{name}"], until=self._run.until)
        return mariadb_script.is_end(tail.out.encode())

    def _fill(self, database: str, name: str) -> None:
        words, _ = mariadb_session.for_programs(self.scratch.login_there())
        argv = ["mariadb", *words, *mariadb_script.LOADING, f"--database={database}"]
        ended = self._host.run(["sh", "-c", _FROM_FILE, f"copy/{name}", *argv], until=self._run.until, judged=False)
        mariadb_session.judge(ended.code, ended.err, "mariadb")
