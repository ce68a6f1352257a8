"""MariaDB and MySQL, logically: ``mariadb-dump`` of each database in one consistent snapshot.

What is known, measured:

* A dump that was cut off loads until it breaks, and may break nowhere. Its last line says "Dump completed", or it is
  no copy.
* A snapshot protects only InnoDB's tables; the others are named. It does not protect against a change of form: the
  definitions are compared before and after.
* No program can be handed another's snapshot here. Where the account may (RELOAD), all writing is held for the moment
  in which both the dump and the fingerprint take theirs; else the fingerprint is taken beside it, and that is said.
* A client that speaks latin1 refuses Chinese text.
* A dump that locks each table while it fills it cannot be loaded where a column takes its value from a sequence.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers import mariadb_fingerprint, mariadb_script, mariadb_session, program, staging
from mainstay.drivers.backup_tools import Missing, Run, Source, Taken, ToolFailed
from mainstay.drivers.far_host import FarHost
from mainstay.drivers.mariadb_restore import FarRestored, Restored
from mainstay.drivers.mariadb_session import ask
from mainstay.drivers.program import Limits

SERVES = ("mariadb", "mysql")
LEVELS = ("full",)
KEEPS = "staged"
LANDS = {"directory": "directory", "database": "mariadb", "live": "mariadb"}
FAR = True
LOCK_WAIT = 30
"""Seconds to wait for a table that somebody holds."""
HOLD = 10.0
"""Seconds that writing may be held at most."""
_LOOK = 0.15
"""Seconds between two looks at the transactions; InnoDB's list of them is renewed only when left alone for 0.1 s."""
_POLITE = Limits(nice=10)
_FORM = """select default_character_set_name, default_collation_name from information_schema.schemata
    where schema_name = %s"""
_SIZE = "select coalesce(sum(data_length), 0) from information_schema.tables where table_schema = %s"
_BEGUN = """select count(*) from information_schema.innodb_trx t join information_schema.processlist p
    on p.id = t.trx_mysql_thread_id where p.id > %s and p.user = %s"""


def lacks() -> list[Missing]:
    return staging.lacking([
        ("mariadb-dump", "mariadb-client"), ("mariadb", "mariadb-client"), ("mariadbd", "mariadb-server"),
        ("restic", "restic"),
    ])  # fmt: skip


class Tool:
    """The databases of a policy, or the one that the component names."""

    def __init__(self, source: Source, network: NetworkPolicy) -> None:
        self._source, self._network = source, network

    def estimate(self) -> int:
        """Bytes of the data; as text it is up to twice as much."""
        with self._session(time.monotonic() + 60) as db:
            return 2 * sum(int(ask(db, _SIZE, (name,))[0][0]) for name in self._databases())

    def take(self, run: Run) -> Taken:
        needed = self.estimate()
        staging.ensure_room(run.directory, needed)
        dumps, prints, notes, at = [], [], [], None
        for number, name in enumerate(self._databases()):
            dump = _Dump(run, self._login(), name, run.directory / f"db{number}.sql", needed)
            with self._session(run.until, name) as db:
                moment = dump.make(db)
                prints.append(self._prints(db, name))
                if mariadb_fingerprint.schema(db, name) != dump.schema:
                    raise ToolFailed("changed", f"{name} was altered while it was dumped", retry=True)
                version = str(ask(db, "select version()")[0][0])
                unprotected = [
                    str(row[0]) for row in ask(db, mariadb_fingerprint.TABLES, (name,)) if row[1] != "InnoDB"
                ]
                ((charset, collation),) = ask(db, _FORM, (name,))
            dumps.append({
                "name": name, "file": dump.file.name, "unprotected": unprotected, "charset": charset,
                "collation": collation,
            })  # fmt: skip
            notes.append(dump.moment)
            at = min(at, moment) if at else moment
        assert at is not None  # noqa: S101 - there is at least one database
        beside = "beside" in notes
        point = {
            "databases": dumps, "own": self._login().database, "moment": "beside" if beside else "snapshot",
            "version": version,
        }  # fmt: skip
        versions = {"mariadb": version, "mariadb-dump": program.version("mariadb-dump")}
        return Taken(at, point, mariadb_fingerprint.together(prints), versions, staging.size_of(run.directory))

    def confirm(self, run: Run, taken: Taken) -> Taken:  # noqa: ARG002 - what was staged cannot change
        return taken

    def open(self, run: Run, point: Mapping[str, Any], only: Sequence[str] = ()) -> Restored:
        """``only``: names of databases."""
        return Restored(run, point, only)

    def open_far(self, run: Run, point: Mapping[str, Any], host: FarHost) -> FarRestored:
        """The same on another host."""
        return FarRestored(run, point, host)

    def _login(self) -> mariadb_session.Login:
        return mariadb_session.login(str(self._source.component.get("dsn", "")), self._network)

    def _databases(self) -> list[str]:
        found = list(self._source.databases) or [self._login().database]
        if not found[0]:
            raise ToolFailed("refused", "neither the component nor the policy names a database")
        return found

    @contextmanager
    def _session(self, until: float, database: str = "") -> Iterator[Any]:
        with mariadb_session.session(self._login(), LOCK_WAIT, database, until=until) as db:
            yield db

    def _prints(self, db: Any, database: str) -> dict[str, Any]:
        own = database == self._login().database
        totals, tables = (self._source.totals, self._source.tables) if own else ({}, ())
        return mariadb_fingerprint.take(db, database, totals, tables)


class _Dump:
    """One database into one file. ``moment``: snapshot, or beside."""

    def __init__(self, run: Run, login: mariadb_session.Login, database: str, file: Path, needed: int) -> None:
        self._run, self._login, self._database, self._needed = run, login, database, needed
        self.file, self.moment, self.schema = file, "beside", ""

    def make(self, db: Any) -> Any:
        """``db`` is in a snapshot of its own afterwards. Returns the moment. Raises ToolFailed."""
        for name, _ in ask(db, mariadb_fingerprint.TABLES, (self._database,)):
            ask(db, f"select 1 from {mariadb_fingerprint.quoted(self._database, name)} limit 0")  # noqa: S608
        with mariadb_session.session(self._login, LOCK_WAIT, until=self._run.until) as holder:
            held = _hold(holder)
            try:
                ask(db, "set session transaction isolation level repeatable read")
                ask(db, "start transaction with consistent snapshot, read only")
                at = staging.now()
                self.schema = mariadb_fingerprint.schema(db, self._database)
                newest = int(ask(db, "select max(id) from information_schema.processlist")[0][0])
                watch = threading.Thread(target=self._let_go, args=(holder, newest)) if held else None
                if watch:
                    watch.start()
                try:
                    self._run_program()
                finally:
                    self._run_ended = True
                    if watch:
                        watch.join()
            finally:
                if held:
                    ask(holder, "unlock tables")
        self._judge_end()
        return at

    _run_ended = False

    def _let_go(self, holder: Any, newest: int) -> None:
        """Let others write as soon as the dump has its snapshot."""
        end = time.monotonic() + HOLD
        try:
            while time.monotonic() < end:
                if self._run_ended or ask(holder, _BEGUN, (newest, self._login.user))[0][0]:
                    self.moment = "snapshot"
                    break
                time.sleep(_LOOK)
            ask(holder, "unlock tables")
        except pymysql.MySQLError:  # its session is closed by whoever opened it, and that lets go too
            self.moment = "beside"

    def _run_program(self) -> None:
        words, environment = mariadb_session.for_programs(self._login)
        ended = program.run(
            [
                "mariadb-dump", *words, "--single-transaction", "--quick", "--routines", "--triggers", "--events",
                "--hex-blob", "--skip-add-locks", "--skip-dump-date", f"--result-file={self.file}", self._database,
            ],
            until=self._run.until, environment=environment, limits=_POLITE,
            tick=lambda: self._run.say("dumping", staging.size_of(self._run.directory), self._needed),
        )  # fmt: skip
        mariadb_session.judge(ended.code, ended.err, "mariadb-dump")

    def _judge_end(self) -> None:
        if not mariadb_script.ends_well(self.file):
            raise ToolFailed("incomplete", "mariadb-dump ended well, but its dump has no end")


def _hold(holder: Any) -> bool:
    """Hold all writing for a moment, where the account may. Raises pymysql.MySQLError when it had to wait too long."""
    try:
        ask(holder, "flush tables with read lock")
    except pymysql.MySQLError as error:
        if error.args and error.args[0] == 1227:  # it may not
            return False
        raise
    return True
