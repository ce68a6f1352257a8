"""MariaDB's files, by mariadb-backup: full and incremental copies without a lock that anybody notices.

It reads the server's files, so Mainstay runs on the server's machine and may read them; its version must be that of the
server. An increment holds the pages that changed since the position in the log at which its base ended, which stands in
the base's ``point``. When it is opened, ``run.directory`` holds it in ``copy/`` and the copies that it rests on in
``bases/0`` (the full one), ``bases/1`` and so on.

What is known, measured: a killed copy cannot be prepared; only ``completed OK!`` as the last line says that a step is
done; a damaged page goes through ``--prepare`` with code 0, and ``innochecksum`` finds it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.saying import say
from mainstay.drivers import mariadb_fingerprint, program, staging
from mainstay.drivers.backup_tools import Missing, Run, Source, Taken, ToolFailed
from mainstay.drivers.mariadb_prepared import PROGRAM, Prepared, judged, notes, opened
from mainstay.drivers.mariadb_session import ask, for_programs, login, session
from mainstay.drivers.program import Limits

SERVES = ("mariadb", "mysql")
LEVELS = ("full", "incremental")
KEEPS = "staged"
LANDS = {"directory": "mariadb_files", "database": "mariadb", "live": "mariadb"}
DUMPS = "mariadb_dump"
_POLITE = Limits(nice=10)
_NOW = """select utc_timestamp(6), variable_value from information_schema.global_status
    where variable_name = 'INNODB_LSN_CURRENT'"""


def lacks() -> list[Missing]:
    wanted = [(PROGRAM, "mariadb-backup"), ("innochecksum", "mariadb-server"), ("restic", "restic")]
    return staging.lacking(wanted)


class Tool:
    """Copies of one whole server."""

    def __init__(self, source: Source, network: NetworkPolicy) -> None:
        self._source, self._network = source, network
        self._dsn = str(source.component.get("dsn", ""))

    def estimate(self) -> int:
        """Bytes of the server's files. Raises ToolFailed (refused) when they are not here or may not be read."""
        data = Path(str(self._ask("select @@datadir")[0]))
        try:
            if not (data / "ibdata1").exists():
                raise ToolFailed("refused", say("the server's files (%(path)s) are not on this machine", path=data))
            return staging.size_of(data)
        except PermissionError:
            text = say("%(path)s may not be read; run Mainstay as root or as the server's account", path=data)
            raise ToolFailed("refused", text) from None

    def take(self, run: Run) -> Taken:
        """``point["level"]`` says which kind it became: without a base of the same server it is a full one."""
        uid, version = self._ask("select @@server_uid, @@version")
        rests = run.level == "incremental" and run.base.get("server") == uid
        needed = self.estimate() if not rests else 0
        staging.ensure_room(run.directory, needed)
        step = [f"--incremental-lsn={run.base['to_lsn']}"] if rests else []
        self._copied(run, step, needed)
        exact, at, fingerprint = self._vouched(notes(run.directory)["last_lsn"], run.until)
        found = notes(run.directory)
        if rests and found["from_lsn"] != str(run.base["to_lsn"]):
            raise ToolFailed("incomplete", say("the increment does not begin where its base ended"))
        point = {
            "level": "incremental" if rests else "full", "server": uid, "version": version,
            "from_lsn": found["from_lsn"], "to_lsn": found["to_lsn"], "exact": exact,
            "own": login(self._dsn, self._network).database,
            "depth": int(run.base.get("depth", 0)) + 1 if rests else 0,
        }  # fmt: skip
        versions = {"mariadb": str(version), PROGRAM: program.version(PROGRAM)}
        return Taken(at, point, fingerprint, versions, staging.size_of(run.directory))

    def confirm(self, run: Run, taken: Taken) -> Taken:  # noqa: ARG002 - what was staged cannot change
        return taken

    def open(self, run: Run, point: Mapping[str, Any], only: Sequence[str] = ()) -> Prepared:
        """Raises ToolFailed; missing when an increment does not come with all that it rests on."""
        if only:
            raise ToolFailed("refused", say("a physical copy is restored whole"))
        return Prepared(run, opened(run, point), point)

    def _copied(self, run: Run, step: Sequence[str], needed: int) -> None:
        words, secret = for_programs(login(self._dsn, self._network))
        words = [word for word in words if not word.startswith("--default-character-set")]
        argv = [
            PROGRAM, *words, "--backup", f"--target-dir={run.directory}", f"--parallel={self._source.parallel}", *step,
        ]  # fmt: skip
        ended = program.run(
            argv, until=run.until, environment=secret, limits=_POLITE,
            tick=lambda: run.say("copying", staging.size_of(run.directory), needed),
        )  # fmt: skip
        judged(ended, "--backup")

    def _vouched(self, last: str, until: float) -> tuple[bool, datetime, dict[str, Any]]:
        """The fingerprint of a snapshot right after the copy; whether nothing was written to the log between the two,
        so that it is the copy's own to the last row; and the moment."""
        one = login(self._dsn, self._network)
        with session(one, until=until) as db:
            ask(db, "start transaction with consistent snapshot")
            ((at, now),) = ask(db, _NOW)
            found = mariadb_fingerprint.take(db, one.database, self._source.totals, self._source.tables)
            return str(now) == last, at.replace(tzinfo=UTC), found

    def _ask(self, query: str) -> Sequence[Any]:
        """One row. Raises ToolFailed."""
        with session(login(self._dsn, self._network)) as db:
            return ask(db, query)[0]
