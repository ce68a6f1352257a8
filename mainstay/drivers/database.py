"""Reading other people's databases: one SELECT at a time, read-only, with an end, and never more than was asked for.

A role's ``statement_timeout`` and read-only default can be switched off by the query itself. The real bounds are the
grants of the account, one statement examined before it is sent and wrapped as a sub-select, and the cancel that goes
out from here at the deadline.
"""

import contextlib
import queue
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
import pymysql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pymysql.constants import CLIENT

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Problem
from mainstay.drivers.statement import Dialect, Refused, examined, missing, named

MOST_ROWS = 1000
CONNECTIONS = 3
"""Kept connections to one database, whatever the number of checks on it: a guest takes little room."""

Values = Mapping[str, Any]


class Unread(Exception):
    """The database could not be read. ``problem`` says why; ``blind`` that nothing was seen of the data."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(fault, detail.strip().splitlines()[0][:500] if detail.strip() else "")


@dataclass(frozen=True, slots=True)
class Rows:
    """What a query gave: at most the rows asked for, and whether there were more."""

    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    more: bool


class Connection(Protocol):
    """One open connection; used by one thread at a time."""

    dialect: Dialect

    def select(self, text: str, values: Values, limit: int, seconds: float) -> Rows: ...

    def close(self) -> None: ...


def connect(dsn: str, network: NetworkPolicy, seconds: float) -> Connection:
    """Open a connection. Raises Unread."""
    scheme = urlsplit(dsn).scheme
    if scheme in ("postgresql", "postgres") or "=" in dsn.split("://", maxsplit=1)[0]:
        return _PostgreSQL(dsn, network, seconds)
    if scheme in ("mysql", "mariadb"):
        return _MariaDB(dsn, network, seconds)
    if scheme == "sqlite":
        return _SQLite(dsn)
    raise Unread(Fault.SETUP, "dsn: write postgresql://, mariadb://, mysql:// or sqlite:///path")


class Shelf:
    """A few kept connections to one database, shared by all checks on it."""

    def __init__(self, dsn: str, network: NetworkPolicy) -> None:
        self._dsn, self._network = dsn, network
        self._idle: queue.LifoQueue[Connection | None] = queue.LifoQueue()
        for _ in range(CONNECTIONS):
            self._idle.put(None)

    def select(self, text: str, values: Values, limit: int, seconds: float) -> Rows:
        """Read on a kept connection, or on a new one; all within ``seconds``. Raises Unread."""
        deadline = time.monotonic() + seconds
        with self._taken(seconds) as taken:
            connection, kept = taken.connection, taken.connection is not None
            try:
                connection = connection or connect(self._dsn, self._network, _rest(deadline))
                taken.connection = connection
                return connection.select(text, values, limit, _rest(deadline))
            except Unread as error:
                taken.drop()
                # A kept connection may have died since its last use; that says nothing about the database now.
                if not kept or error.problem.fault is not Fault.REFUSED:
                    raise
            taken.connection = connect(self._dsn, self._network, _rest(deadline))
            return taken.connection.select(text, values, limit, _rest(deadline))

    @contextlib.contextmanager
    def _taken(self, seconds: float) -> Iterator["_Taken"]:
        try:
            taken = _Taken(self._idle.get(timeout=seconds))
        except queue.Empty:
            raise Unread(
                Fault.TIMEOUT, f"other checks held all {CONNECTIONS} connections for {seconds:.0f} s"
            ) from None
        try:
            yield taken
        except Unread:
            taken.drop()
            raise
        finally:
            self._idle.put(taken.connection)


class _Taken:
    def __init__(self, connection: Connection | None) -> None:
        self.connection = connection

    def drop(self) -> None:
        if self.connection is not None:
            with contextlib.suppress(Exception):
                self.connection.close()
            self.connection = None


def _rest(deadline: float) -> float:
    return max(0.05, deadline - time.monotonic())


def allowed_address(host: str, port: int, network: NetworkPolicy) -> str:
    """The address of a host that may be touched. Raises Unread."""
    try:
        found = [str(item[4][0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise Unread(Fault.UNRESOLVED, f"{host}: {error.strerror or error}") from None
    refusals = {address: network.refusal(address, port) for address in found}
    for address, refusal in refusals.items():
        if not refusal:
            return address
    raise Unread(Fault.DENIED, next(iter(refusals.values())))


@contextlib.contextmanager
def _until(seconds: float, stop: Any) -> Iterator[threading.Event]:
    """Call ``stop`` after ``seconds`` unless the block ended before; the event tells that it was called."""
    fired = threading.Event()

    def fire() -> None:
        fired.set()
        with contextlib.suppress(Exception):
            stop()

    timer = threading.Timer(seconds, fire)
    timer.daemon = True
    timer.start()
    try:
        yield fired
    finally:
        timer.cancel()


def _wrapped(examined_query: str, limit: str) -> str:
    """As a sub-select: whatever the query is, it stays one SELECT, and the server stops at the limit."""
    return f"select * from (\n{examined_query}\n) q limit {limit}"  # noqa: S608 - that is the job; see statement.py


class _PostgreSQL:
    dialect: Dialect = "postgres"

    def __init__(self, dsn: str, network: NetworkPolicy, seconds: float) -> None:
        try:
            parts = conninfo_to_dict(dsn)
            host, port = str(parts.get("host") or "/"), int(parts.get("port") or 5432)
            if not host.startswith(("/", "@")):
                parts["hostaddr"] = allowed_address(host, port, network)
            parts |= {"connect_timeout": max(2, int(seconds)), "application_name": "mainstay"}
            self.raw = psycopg.connect(make_conninfo("", **parts), autocommit=True)
        except (psycopg.Error, ValueError) as error:
            raise _postgresql_fault(error) from None
        self.raw.read_only = True
        self.raw.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ

    def select(self, text: str, values: Values, limit: int, seconds: float) -> Rows:
        try:
            wrapped = _wrapped(named(examined(text, self.dialect), values), "%(_limit)s")
            with _until(seconds, lambda: self.raw.cancel_safe(timeout=2)) as late:
                try:
                    return self._read(wrapped, {**values, "_limit": limit + 1}, limit, seconds)
                except psycopg.errors.QueryCanceled:
                    raise Unread(Fault.TIMEOUT, f"the query did not end within {seconds:.1f} s") from None
                except psycopg.Error:
                    if late.is_set():
                        raise Unread(Fault.TIMEOUT, f"no answer within {seconds:.1f} s") from None
                    raise
        except Refused as error:
            raise Unread(Fault.QUERY, str(error)) from None
        except psycopg.Error as error:
            raise _postgresql_fault(error) from None

    def _read(self, text: str, values: Values, limit: int, seconds: float) -> Rows:
        with self.raw.transaction(), self.raw.cursor() as cursor:
            cursor.execute("select set_config('statement_timeout', %s, true)", (f"{int(seconds * 1000) + 500}",))
            cursor.execute(text.encode(), values)
            columns = tuple(column.name for column in cursor.description or ())
            found = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
        return Rows(columns, found[:limit], len(found) > limit)

    def close(self) -> None:
        self.raw.close()


def _postgresql_fault(error: Exception) -> Unread:
    text = str(error)
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        return Unread(Fault.TIMEOUT, text)
    state = getattr(error, "sqlstate", None) or ""
    if state == "53300" or "too many connections" in text or "remaining connection slots" in text:
        return Unread(Fault.EXHAUSTED, text)
    if state.startswith("28") or "authentication failed" in text or "no pg_hba.conf entry" in text:
        return Unread(Fault.AUTH, text)
    if isinstance(error, psycopg.OperationalError) and not state.startswith(("42", "22", "25", "54")):
        return Unread(Fault.TIMEOUT if "timeout" in text else Fault.REFUSED, text)
    return Unread(Fault.QUERY, text)


class _MariaDB:
    dialect: Dialect = "mysql"

    def __init__(self, dsn: str, network: NetworkPolicy, seconds: float) -> None:
        parts = urlsplit(dsn)
        options = dict(parse_qsl(parts.query))
        host, port = parts.hostname or "localhost", parts.port or 3306
        self._where: dict[str, Any] = {
            "user": unquote(parts.username or ""), "password": unquote(parts.password or ""),
            "database": parts.path.lstrip("/") or None, "connect_timeout": max(1, int(seconds)),
            "client_flag": CLIENT.FOUND_ROWS, "autocommit": True, "charset": "utf8mb4",
        }  # fmt: skip
        if "socket" in options:
            self._where["unix_socket"] = options["socket"]
        else:
            self._where |= {"host": allowed_address(host, port, network), "port": port}
        try:
            self.raw = pymysql.connect(**self._where, read_timeout=max(1, int(seconds) + 1))
            with self.raw.cursor() as cursor:
                cursor.execute("set session transaction read only")
                cursor.execute("select version(), connection_id()")
                version, number = cursor.fetchone() or ("", 0)
                self._is_mariadb, self._number = "MariaDB" in version, int(number)
        except pymysql.MySQLError as error:
            raise _mariadb_fault(error) from None

    def select(self, text: str, values: Values, limit: int, seconds: float) -> Rows:
        try:
            wrapped = _wrapped(named(examined(text, self.dialect), values), "%(_limit)s")
        except Refused as error:
            raise Unread(Fault.QUERY, str(error)) from None
        try:
            with _until(seconds, self._kill_query) as late:
                try:
                    return self._read(wrapped, {**values, "_limit": limit + 1}, limit, seconds)
                except pymysql.MySQLError:
                    if late.is_set():
                        raise Unread(Fault.TIMEOUT, f"the query did not end within {seconds:.1f} s") from None
                    raise
        except pymysql.MySQLError as error:
            raise _mariadb_fault(error) from None

    def _read(self, text: str, values: Values, limit: int, seconds: float) -> Rows:
        with self.raw.cursor(pymysql.cursors.DictCursor) as cursor:
            if self._is_mariadb:
                cursor.execute("set session max_statement_time = %s", (seconds + 0.5,))
            else:
                cursor.execute("set session max_execution_time = %s", (int(seconds * 1000) + 500,))
            cursor.execute("start transaction read only")
            try:
                cursor.execute(text, dict(values))
                columns = tuple(str(column[0]) for column in cursor.description or ())
                found = [dict(row) for row in cursor.fetchall()]
            finally:
                with contextlib.suppress(pymysql.MySQLError):
                    self.raw.rollback()
        return Rows(columns, found[:limit], len(found) > limit)

    def _kill_query(self) -> None:
        with contextlib.closing(pymysql.connect(**self._where, read_timeout=2)) as other, other.cursor() as cursor:
            cursor.execute("kill query %s", (self._number,))

    def close(self) -> None:
        self.raw.close()


_MARIADB_FAULTS = {
    1040: Fault.EXHAUSTED, 1203: Fault.EXHAUSTED, 1226: Fault.EXHAUSTED, 1044: Fault.AUTH, 1045: Fault.AUTH,
    1698: Fault.AUTH, 1969: Fault.TIMEOUT, 3024: Fault.TIMEOUT, 1317: Fault.TIMEOUT, 2003: Fault.REFUSED,
    2002: Fault.REFUSED, 2006: Fault.REFUSED, 2013: Fault.REFUSED,
}  # fmt: skip


def _mariadb_fault(error: Exception) -> Unread:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    text = str(error.args[1] if len(error.args) > 1 else error)
    if "timed out" in text:
        return Unread(Fault.TIMEOUT, text)
    return Unread(_MARIADB_FAULTS.get(number, Fault.QUERY), text)


class _SQLite:
    dialect: Dialect = "sqlite"

    def __init__(self, dsn: str) -> None:
        path = unquote(dsn.removeprefix("sqlite://"))
        try:
            self.raw = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False, timeout=1)
        except sqlite3.Error as error:
            raise Unread(Fault.MISSING, f"{path}: {error}") from None

    def select(self, text: str, values: Values, limit: int, seconds: float) -> Rows:
        deadline = time.monotonic() + seconds
        self.raw.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
        try:
            inner = examined(text, self.dialect)
            if absent := missing(inner, values):
                raise Refused(f"the query asks for :{absent}; give it under params")
            plain = {name: str(value) if hasattr(value, "isoformat") else value for name, value in values.items()}
            cursor = self.raw.execute(_wrapped(inner, ":_limit"), {**plain, "_limit": limit + 1})
            columns = tuple(column[0] for column in cursor.description)
            found = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
        except Refused as error:
            raise Unread(Fault.QUERY, str(error)) from None
        except sqlite3.Error as error:
            late = "interrupted" in str(error)
            raise Unread(Fault.TIMEOUT if late else Fault.QUERY, f"{error}") from None
        return Rows(columns, found[:limit], len(found) > limit)

    def close(self) -> None:
        self.raw.close()
