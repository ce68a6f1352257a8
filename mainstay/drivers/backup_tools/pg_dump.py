"""PostgreSQL, logically: ``pg_dump`` of each database into a directory, uncompressed, so that restic sees what is the
same as yesterday.

What is known, measured:

* ``pg_restore -l`` accepts a dump whose data was cut off, for its table of contents is written first. Only the exit
  code of ``pg_dump`` and a real restore say anything.
* The fingerprint is taken in the very snapshot that ``pg_dump`` is given. The tables are locked against changes of
  their form before that snapshot is taken; a table emptied or altered in between would be dumped as it became.
* A role's ``idle_in_transaction_session_timeout`` would end the transaction that holds the snapshot while it waits.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers import postgresql_fingerprint, program, staging
from mainstay.drivers.backup_tools import Missing, Run, Source, Taken, ToolFailed
from mainstay.drivers.database_postgresql import connected, conninfos
from mainstay.drivers.far_host import FarHost
from mainstay.drivers.postgresql_programs import client, lacking, major_of
from mainstay.drivers.postgresql_restore import FarRestored, Restored
from mainstay.drivers.program import Limits
from mainstay.drivers.rows import Unread

SERVES = ("postgresql",)
LEVELS = ("full",)
KEEPS = "staged"
LANDS = {"directory": "directory", "database": "postgresql", "live": "postgresql"}
FAR = True
LOCK_WAIT = 30
"""Seconds to wait for a table that somebody alters."""
_POLITE = Limits(nice=10)
_LOCKED_AT_ONCE = 500
_SIZE = "select coalesce(sum(pg_table_size(oid)), 0) from pg_class where relkind in ('r', 'm')"


def lacks() -> list[Missing]:
    return [*lacking(), *staging.lacking([("restic", "restic")])]


class Tool:
    """The databases of a policy, or the one that the component names."""

    def __init__(self, source: Source, network: NetworkPolicy) -> None:
        self._source, self._network = source, network
        self._dsn = str(source.component.get("dsn", ""))

    def estimate(self) -> int:
        """Bytes of the tables without their indexes; a dump in plain text is a little more."""
        return sum(self._ask(name, _SIZE) for name in self._databases()) * 6 // 5

    def take(self, run: Run) -> Taken:
        needed = self.estimate()
        staging.ensure_room(run.directory, needed)
        version = self._ask(self._own(), "select current_setting('server_version_num')::int")
        major = major_of(version)
        dumper = client("pg_dump", major)
        databases, fingerprints, at = [], [], None
        for number, name in enumerate(self._databases()):
            with self._snapshot(name, run.until) as (db, snapshot, moment):
                self._dump(run, [dumper, f"--snapshot={snapshot}"], name, run.directory / f"db{number}", needed=needed)
                prints = self._prints(db, name)
                databases.append({"name": name, "directory": f"db{number}", **_locale(db, name)})
            fingerprints.append(prints)
            at = min(at, moment) if at else moment
        self._globals(run, client("pg_dumpall", major))
        assert at is not None  # noqa: S101 - there is at least one database
        point = {"databases": databases, "own": self._own(), "major": major, "globals": "globals.sql"}
        versions = {"postgresql": f"{major}.{version % 10_000}", "pg_dump": program.version(dumper)}
        return Taken(at, point, _together(fingerprints), versions, staging.size_of(run.directory))

    def confirm(self, run: Run, taken: Taken) -> Taken:  # noqa: ARG002 - what was staged cannot change
        return taken

    def open(self, run: Run, point: Mapping[str, Any], only: Sequence[str] = ()) -> Restored:
        """``only``: names of databases, or ``schema.table`` of the component's own."""
        return Restored(run, point, only)

    def open_far(self, run: Run, point: Mapping[str, Any], host: FarHost) -> FarRestored:
        """The same on another host."""
        return FarRestored(run, point, host)

    def _databases(self) -> list[str]:
        return list(self._source.databases) or [self._own()]

    def _own(self) -> str:
        parts = conninfo_to_dict(self._dsn)
        return str(parts.get("dbname") or parts.get("user") or "postgres")

    def _conninfos(self, database: str) -> list[str]:
        return conninfos(make_conninfo(self._dsn, dbname=database), self._network)

    def _connect(self, database: str, until: float) -> psycopg.Connection[Any]:
        """Raises ToolFailed."""
        with _worded():
            db = connected(self._conninfos(database), 20)
            db.autocommit = True
            postgresql_fingerprint.settle(db, until)
            db.execute(f"set lock_timeout = '{LOCK_WAIT}s'")
            return db

    def _ask(self, database: str, query: str) -> int:
        with closing(self._connect(database, time.monotonic() + 60)) as db, _worded():
            row = db.execute(query.encode()).fetchone()
            return int(row[0]) if row else 0

    @contextmanager
    def _snapshot(self, database: str, until: float) -> Iterator[tuple[psycopg.Connection[Any], str, datetime]]:
        """A transaction that holds every table as it is, the name of its snapshot, and its moment."""
        with closing(self._connect(database, until)) as db, _worded():
            tables = db.execute(postgresql_fingerprint.TABLES).fetchall()
            db.execute("begin isolation level repeatable read read only")
            for start in range(0, len(tables), _LOCKED_AT_ONCE):
                names = sql.SQL(", ").join(sql.Identifier(*table) for table in tables[start : start + _LOCKED_AT_ONCE])
                db.execute(sql.SQL("lock table only {} in access share mode").format(names))
            row = db.execute("select pg_export_snapshot(), clock_timestamp()").fetchone()
            if row is None or db.execute(postgresql_fingerprint.TABLES).fetchall() != tables:
                raise ToolFailed("changed", "tables came or went while the copy was begun", retry=True)
            yield db, str(row[0]), row[1]
            db.execute("rollback")

    def _dump(self, run: Run, dumper: Sequence[str], database: str, where: Path, *, needed: int) -> None:
        conninfo, environment = _without_password(self._conninfos(database)[0])
        words = [
            *dumper, "--no-password", f"--lock-wait-timeout={LOCK_WAIT}s", "--format=directory",
            f"--jobs={self._source.parallel}", "--compress=0", f"--file={where}", f"--dbname={conninfo}",
        ]  # fmt: skip
        ended = program.run(
            words, until=run.until, environment=environment, limits=_POLITE,
            tick=lambda: run.say("dumping", staging.size_of(run.directory), needed),
        )  # fmt: skip
        _judge(ended, "pg_dump")
        if not (where / "toc.dat").exists():
            raise ToolFailed("incomplete", "pg_dump ended well and left no dump")

    def _globals(self, run: Run, dumper: str) -> None:
        """Roles and tablespaces; without the passwords, which only a superuser may read, for any other account."""
        superuser = self._ask(self._own(), "select rolsuper::int from pg_roles where rolname = current_user")
        conninfo, environment = _without_password(self._conninfos(self._own())[0])
        words = [
            dumper,
            "--globals-only",
            "--no-password",
            f"--dbname={conninfo}",
            f"--file={run.directory}/globals.sql",
        ]
        words += [] if superuser else ["--no-role-passwords"]
        _judge(program.run(words, until=run.until, environment=environment, limits=_POLITE), "pg_dumpall")

    def _prints(self, db: psycopg.Connection[Any], database: str) -> dict[str, Any]:
        own = database == self._own()
        totals, tables = (self._source.totals, self._source.tables) if own else ({}, ())
        return postgresql_fingerprint.take(db, totals, tables, f"{database}.")


def _locale(db: psycopg.Connection[Any], name: str) -> dict[str, Any]:
    """How the database sorts and writes text, to make one like it."""
    row = db.execute(
        "select pg_encoding_to_char(encoding), datcollate, datctype from pg_database where datname = %s", (name,)
    ).fetchone()
    return dict(zip(("encoding", "collate", "ctype"), row or (), strict=False))


def _together(fingerprints: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of several databases, as one."""
    whole: dict[str, Any] = {"schema": "-".join(one["schema"] for one in fingerprints)}
    for part in ("rows", "totals", "sums"):
        whole[part] = {name: value for one in fingerprints for name, value in one[part].items()}
    return whole


def _without_password(conninfo: str) -> tuple[str, dict[str, str]]:
    parts = conninfo_to_dict(conninfo)
    password = parts.pop("password", None)
    parts.pop("passfile", None)
    return make_conninfo("", **parts), {"PGPASSWORD": str(password)} if password else {}


def _judge(ended: program.Ended, name: str) -> None:
    """Raises ToolFailed for a code that is not 0."""
    if ended.code == 0:
        return
    if ended.code >= 128:
        raise ToolFailed("killed", f"{name} was ended by signal {ended.code - 128}", retry=True)
    lines = [line for line in ended.err.strip().splitlines() if line.strip()]
    raise _failure("; ".join(lines[:2])[:400] or f"{name} ended with {ended.code}", ended.err)


_SIGNS = (
    (r"no space left|disk full|could not (write|extend)", "no-space", False),
    (r"statement timeout", "timeout", False),
    (r"lock timeout|could not obtain lock|deadlock|lock not available", "locked", True),
    (r"permission denied|password authentication|no pg_hba|must be (owner|superuser|member)|"
     r"no password supplied|role .* does not exist", "refused", False),
    (r"database .* does not exist", "absent", False),
    (r"connection refused|could not connect|terminating connection|server closed|timeout expired|"
     r"starting up|shutting down|connection to server .* failed|connection is closed", "unreachable", True),
    (r"invalid page|could not read block|checksum|unexpected (zero|chunk)|missing chunk", "damaged", False),
    (r"does not exist|cache lookup failed|could not find|concurrently", "changed", True),
    (r"server version mismatch", "missing", False),
)  # fmt: skip


def _failure(detail: str, text: str) -> ToolFailed:
    for sign, code, retry in _SIGNS:
        if re.search(sign, text, re.IGNORECASE):
            return ToolFailed(code, detail, retry=retry)
    return ToolFailed("failed", detail)


@contextmanager
def _worded() -> Iterator[None]:
    """A server's complaints in our words."""
    try:
        yield
    except psycopg.Error as error:
        raise _failure(str(error).strip()[:400], str(error)) from None
    except Unread as error:
        raise _failure(error.problem.detail, f"{error.problem.fault} {error.problem.detail}") from None
