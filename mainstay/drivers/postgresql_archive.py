"""What a running PostgreSQL says of its files and of its archiving, and a mark in its log that a recovery can stop at.

The mark is a named restore point. Taken at a still moment, what a snapshot shows is exactly what a recovery to the mark
will hold, so a fingerprint can be compared to the last row.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from mainstay.domain import wal
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.saying import say
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.database_postgresql import conninfos
from mainstay.drivers.pgbackrest import Cluster
from mainstay.drivers.postgresql_fingerprint import settle
from mainstay.drivers.rows import Unread

Connection = psycopg.Connection[tuple[Any, ...]]

_STILL_TRIES, _STILL_PAUSE = 20, 0.1
_LOCK_TRIES, _LOCK_PATIENCE = 3, "500ms"
_MINUTE = 60.0
_MOST_LOCKED = 1500
"""Tables; past that the server's table of locks might not hold them."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A restore point. ``exact``: what ``snapshot`` shows is what a recovery to this name holds; otherwise other
    transactions ended between the two."""

    name: str
    lsn: str
    segment: str
    at: datetime
    exact: bool
    snapshot: Connection


@dataclass(frozen=True, slots=True)
class Archiving:
    """How the server's archiving goes. ``waiting`` segments that were filled and not taken, the oldest since
    ``waiting_since``; ``behind`` bytes of log that are not in the archive; ``failed`` how often the command did since
    the counters began, ``failing``: the last try did; ``log_size`` bytes that the log takes on the server's disk."""

    on: bool
    command: str
    failed: int
    failing: bool
    failed_at: datetime | None
    archived: str
    archived_at: datetime | None
    waiting: int
    waiting_since: datetime | None
    behind: int
    log_size: int


def permitted(dsn: str, network: NetworkPolicy) -> str:
    """The same address, bound to what may be touched. Raises ToolFailed (refused)."""
    try:
        return conninfos(dsn, network)[0]
    except Unread as error:
        raise ToolFailed("refused", error.problem.detail) from None


def connected(conninfo: str, until: float = 0.0) -> Connection:
    """A connection that writes the same value as the same text wherever it leads; each statement ends after a minute,
    or at ``until``. Raises ToolFailed (unreachable)."""
    try:
        connection = psycopg.connect(conninfo, autocommit=True, connect_timeout=10)
        settle(connection, until or time.monotonic() + _MINUTE)
    except psycopg.Error as error:
        raise ToolFailed("unreachable", _plain(error, conninfo), retry=True) from None
    return connection


def environment(dsn: str) -> dict[str, str]:
    """For libpq inside another program, which connects as we do; the password stands here and nowhere else."""
    parts = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value is not None}
    names = {
        "host": "PGHOST", "hostaddr": "PGHOSTADDR", "user": "PGUSER", "password": "PGPASSWORD", "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
    }  # fmt: skip
    return {"PGPASSFILE": "/nonexistent"} | {names[name]: value for name, value in parts.items() if name in names}


def described(connection: Connection) -> Cluster:
    """Its files, by its own word; whose they are is not known. Raises ToolFailed (refused)."""
    row = one(
        connection,
        "select current_setting('data_directory'), current_setting('server_version_num')::int / 10000,"
        " current_setting('port')::int, (select setting::bigint from pg_settings where name = 'wal_segment_size'),"
        " (select system_identifier from pg_control_system())",
    )
    return Cluster(Path(str(row[0])), "", int(row[1]), int(row[2]), int(row[3]), int(row[4]))


def cluster(connection: Connection) -> Cluster:
    """Where its files are. Raises ToolFailed (refused) when they are not on this machine or the account of the server
    cannot be ours."""
    found = described(connection)
    data = found.data
    try:
        control = (data / "global" / "pg_control").read_bytes()
        owner = data.owner()
    except FileNotFoundError:
        text = say("the server's files (%(path)s) are not on this machine", path=data)
        raise ToolFailed("refused", text) from None
    except (PermissionError, KeyError):
        text = say("run Mainstay as root or as the owner of %(path)s: pgBackRest reads the server's files", path=data)
        raise ToolFailed("refused", text) from None
    if int.from_bytes(control[:8], "little") != found.system % (1 << 64):
        raise ToolFailed("refused", say("%(path)s belongs to another server", path=data))
    return replace(found, account=owner)


def archiving(connection: Connection) -> Archiving:
    """Now. ``pg_monitor`` suffices for it. Raises ToolFailed (refused)."""
    row = one(
        connection,
        "select current_setting('archive_mode') in ('on', 'always'), current_setting('archive_command'), failed_count,"
        " last_failed_time > coalesce(last_archived_time, '-infinity'), last_failed_time,"
        " coalesce(last_archived_wal, ''), last_archived_time, pg_current_wal_lsn()::text,"
        " (select setting::bigint from pg_settings where name = 'wal_segment_size'),"
        " (select sum(size)::bigint from pg_ls_waldir()) from pg_stat_archiver",
    )
    ready = one(
        connection,
        "select count(*), min(modification) from pg_ls_archive_statusdir() where name like '%.ready'",
    )
    archived = str(row[5])[:24]
    behind = wal.behind(str(row[7]), archived, int(row[8])) if re.fullmatch("[0-9A-F]{24}", archived) else 0
    return Archiving(
        row[0], row[1], row[2], bool(row[3]), row[4], archived, row[6], ready[0], ready[1], behind, int(row[9] or 0)
    )  # fmt: skip


@contextmanager
def marked(dsn: str, name: str, until: float) -> Iterator[Mark]:
    """A restore point, and a snapshot of the same moment that lasts as long as the block.

    First a moment is waited for in which nobody writes. On a server that is never still, the tables are locked against
    writing for as long as the mark takes, if they can be had within half a second; if not, the mark is not exact.
    Raises ToolFailed.
    """
    with connected(dsn) as clerk, connected(dsn, until) as reader:
        mark = _while_still(clerk, reader, name) or _while_locked(clerk, reader, name)
        yield mark or _beside(clerk, reader, name)


def _while_still(clerk: Connection, reader: Connection, name: str) -> Mark | None:
    for attempt in range(_STILL_TRIES):
        before = _snapshot(reader)
        if _nobody_in(before):
            mark = _point(clerk, reader, f"{name}-{attempt}", exact=True)
            writing = one(clerk, "select count(*) from pg_stat_activity where backend_xid is not null")[0]
            if not writing and before == one(clerk, "select pg_current_snapshot()::text")[0]:
                return mark
        reader.execute("rollback")
        time.sleep(_STILL_PAUSE)
    return None


def _while_locked(clerk: Connection, reader: Connection, name: str) -> Mark | None:
    """Whoever wrote to these tables is done when the lock is given, and nobody writes until it is taken back."""
    tables = [sql.Identifier(schema, table) for schema, table in clerk.execute(_TABLES).fetchall()]
    for attempt in range(_LOCK_TRIES if 0 < len(tables) <= _MOST_LOCKED else 0):
        try:
            with clerk.transaction():
                clerk.execute("select set_config('lock_timeout', %s, true)", (_LOCK_PATIENCE,))
                clerk.execute(sql.SQL("lock table {} in share mode").format(sql.SQL(", ").join(tables)))
                _snapshot(reader)
                return _point(clerk, reader, f"{name}-locked-{attempt}", exact=True)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            continue
        except psycopg.errors.InsufficientPrivilege:
            return None
    return None


def _beside(clerk: Connection, reader: Connection, name: str) -> Mark:
    _snapshot(reader)
    return _point(clerk, reader, f"{name}-beside", exact=False)


_TABLES = """select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
    and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%' order by 1, 2"""


def _snapshot(reader: Connection) -> str:
    """Begin a snapshot; say whom it sees."""
    reader.execute("rollback")
    reader.execute("begin isolation level repeatable read, read only")
    return str(one(reader, "select pg_current_snapshot()::text")[0])


def _nobody_in(snapshot: str) -> bool:
    first, _, rest = snapshot.partition(":")
    return first == rest.partition(":")[0]


def _point(clerk: Connection, reader: Connection, name: str, *, exact: bool) -> Mark:
    lsn, segment, at = one(
        clerk,
        "select lsn::text, pg_walfile_name(lsn), clock_timestamp() from"
        " (select pg_create_restore_point(%s) as lsn offset 0) point",
        (name,),
    )
    return Mark(name, lsn, segment, at, exact, reader)


def sent(connection: Connection, until: float) -> str:
    """Send all that was committed until now into the archive, which ends the current segment; its name, when it is
    there. Something of our own is committed in it, so that a recovery sees that the moment is over. Raises ToolFailed
    (timeout)."""
    one(connection, "select pg_current_xact_id()::text")
    name = str(one(connection, "select pg_walfile_name(pg_switch_wal())")[0])
    while archiving(connection).archived < name:
        if time.monotonic() > until:
            text = say("segment %(name)s did not come into the archive; see archive_command", name=name)
            raise ToolFailed("timeout", text, retry=True)
        time.sleep(0.1)
    return name


def size(connection: Connection) -> int:
    """Bytes of all databases."""
    return int(one(connection, "select sum(pg_database_size(oid))::bigint from pg_database")[0])


def one(connection: Connection, query: str, values: Sequence[object] = ()) -> tuple[Any, ...]:
    """One row. Raises ToolFailed (refused) with what the server says."""
    try:
        row = connection.execute(query.encode(), values or None).fetchone()
    except psycopg.Error as error:
        raise ToolFailed("refused", str(error).strip().split("\n")[0]) from None
    if row is None:
        raise ToolFailed("refused", "the server gave no row")
    return row


def _plain(error: Exception, dsn: str) -> str:
    password = str(conninfo_to_dict(dsn).get("password") or "")
    text = str(error).strip()
    return text.replace(password, "***") if password else text


def wanted_settings(command: str) -> Mapping[str, str]:
    """What must stand in postgresql.conf: name → value."""
    return {"wal_level": "replica", "archive_mode": "on", "archive_command": command, "archive_timeout": "60s"}
