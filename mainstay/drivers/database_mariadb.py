"""A connection to MariaDB or MySQL."""

import contextlib
import functools
import math
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.cursors import SSCursor

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault
from mainstay.drivers.database_connection import (
    Values,
    allow_socket,
    allowed_addresses,
    chosen,
    ended,
    readable,
    unwelcome,
    wrapped,
)
from mainstay.drivers.leash import leashed
from mainstay.drivers.rows import MOST_CELL, MOST_GREETING, MOST_RECEIVED, Rows, Unread, gathered
from mainstay.drivers.statement import Dialect, Refused, examined, named

_SETTINGS = ("socket", "sslmode", "sslrootcert", "sslcert", "sslkey")
_SSL_MODES = ("prefer", "disable", "require", "verify-ca", "verify-full")
_BOUNDED = frozenset({
    FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL, FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.LONG, FIELD_TYPE.FLOAT,
    FIELD_TYPE.DOUBLE, FIELD_TYPE.NULL, FIELD_TYPE.TIMESTAMP, FIELD_TYPE.LONGLONG, FIELD_TYPE.INT24, FIELD_TYPE.DATE,
    FIELD_TYPE.TIME, FIELD_TYPE.DATETIME, FIELD_TYPE.YEAR, FIELD_TYPE.NEWDATE, FIELD_TYPE.BIT,
})  # fmt: skip
"""Types whose values cannot be long. All others are cut on the server."""
_SESSION = (
    "set session transaction isolation level repeatable read",
    "set session transaction read only",
    # What is a string and what is not must be read there as it is here.
    "set session sql_mode = replace(replace(@@sql_mode, 'NO_BACKSLASH_ESCAPES', ''), 'ANSI_QUOTES', '')",
)

if TYPE_CHECKING:
    _AnyConnection = pymysql.connections.Connection[Any]
else:
    _AnyConnection = pymysql.connections.Connection


class MariaDB:
    """One statement a message; several would need a flag that is never set."""

    dialect: Dialect = "mysql"

    def __init__(self, dsn: str, network: NetworkPolicy, seconds: float) -> None:
        parts = urlsplit(dsn)
        options = dict(parse_qsl(parts.query))
        chosen(options, _SETTINGS)
        try:
            self._host, self._port = parts.hostname or "localhost", parts.port or 3306
        except ValueError:
            raise Unread(Fault.SETUP, "dsn: the port must be a number") from None
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._database = unquote(parts.path.lstrip("/")) or None
        self._ssl = ssl_settings(options)
        self._socket = options.get("socket", "")
        self._network = network
        self._columns: dict[str, list[tuple[str, int]]] = {}
        self.raw, self._socket_too = self._dial(seconds)
        try:
            with _bounded(self._socket_too, seconds), self.raw.cursor() as cursor:
                for statement in _SESSION:
                    cursor.execute(statement)
                cursor.execute("select version(), connection_id()")
                version, number = cursor.fetchone() or ("", 0)
        except Unread:
            self.close()
            raise
        self.raw.left = math.inf  # what comes now is counted by the leash
        self.version, self._number = str(version), int(number)
        self.is_mariadb = "MariaDB" in self.version

    def _dial(self, seconds: float) -> tuple["_Line", socket.socket]:
        """A connection, and a reference of our own to its socket, which TLS takes out of sight."""
        line = _Line(
            host=self._host, user=self._user, password=self._password, database=self._database, charset="utf8mb4",
            autocommit=True, read_timeout=seconds + 1, write_timeout=seconds + 1, defer_connect=True, **self._ssl,
        )  # fmt: skip
        deadline = time.monotonic() + seconds
        sock = self._connected(seconds)
        too = sock.dup()
        try:
            with _bounded(too, max(0.05, deadline - time.monotonic())):
                line.connect(sock)
        except Unread:
            sock.close()
            too.close()
            raise
        return line, too

    def _connected(self, seconds: float) -> socket.socket:
        if self._socket:
            allow_socket(self._port, self._network)
            targets: list[tuple[socket.AddressFamily, Any]] = [(socket.AF_UNIX, self._socket)]
        else:
            found = allowed_addresses(self._host, self._port, self._network)
            targets = [
                (socket.AF_INET6 if ":" in address else socket.AF_INET, (address, self._port)) for address in found
            ]
        error: OSError | None = None
        for family, where in targets:
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.settimeout(max(0.05, seconds / len(targets)))
            try:
                sock.connect(where)
            except OSError as failure:
                sock.close()
                error = failure
            else:
                if family is not socket.AF_UNIX:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
        late = isinstance(error, TimeoutError)
        raise Unread(Fault.TIMEOUT if late else Fault.REFUSED, f"{self._host}:{self._port}: {error}")

    def select(self, text: str, values: Values, limit: int, seconds: float) -> Rows:
        try:
            query = named(examined(text, self.dialect), values, self.dialect)
        except Refused as error:
            raise Unread(Fault.QUERY, str(error)) from None
        with _bounded(self._socket_too, seconds, self._kill_query):
            try:
                self._begin(seconds)
                if query not in self._columns:
                    self._columns[query] = self._described(query, values)
                picked = ", ".join(_picked(name, kind) for name, kind in self._columns[query])
                return self._rows(wrapped(query, str(limit + 1), picked), dict(values), limit)
            except pymysql.MySQLError:
                self._columns.pop(query, None)  # a table may have been altered
                raise
            finally:
                with contextlib.suppress(pymysql.MySQLError):
                    self.raw.rollback()

    def ask(self, text: str, limit: int, seconds: float) -> Rows:
        with _bounded(self._socket_too, seconds, self._kill_query):
            return self._rows(text, None, limit)

    def _begin(self, seconds: float) -> None:
        with self.raw.cursor() as cursor:
            if self.is_mariadb:
                cursor.execute("set session max_statement_time = %s", (seconds + 0.5,))
            else:
                cursor.execute("set session max_execution_time = %s", (int(seconds * 1000) + 500,))
            cursor.execute("start transaction read only")

    def _described(self, query: str, values: Values) -> list[tuple[str, int]]:
        """Names and types of the columns, without running the query."""
        with self.raw.cursor() as cursor:
            cursor.execute(wrapped(query, "0"), dict(values))
            return [(str(column[0]), int(column[1])) for column in cursor.description or ()]

    def _rows(self, text: str, values: Mapping[str, Any] | None, limit: int) -> Rows:
        """One row after the other: what does not fit is not even read."""
        cursor = self.raw.cursor(SSCursor)
        cursor.execute(text, values)
        try:
            return gathered([str(column[0]) for column in cursor.description or ()], cursor, limit)
        finally:
            cursor.close()

    def _kill_query(self, seconds: float) -> None:
        other, too = self._dial(seconds)
        try:
            with other.cursor() as cursor:
                cursor.execute("kill query %s", (self._number,))
        finally:
            other.close()
            too.close()

    def close(self) -> None:
        self._socket_too.close()
        with contextlib.suppress(pymysql.MySQLError):
            self.raw.close()


class _Line(_AnyConnection):
    left: float = MOST_GREETING
    """Bytes that may still be read. The library would gather packets of 16 MB until the leash is pulled."""

    def _read_bytes(self, num_bytes: int) -> bytes:
        self.left -= num_bytes
        if self.left < 0:
            raise unwelcome()
        return bytes(super()._read_bytes(num_bytes))  # type: ignore[misc]  # PyMySQL has no types

    def _create_ssl_ctx(self, sslp: Any) -> ssl.SSLContext:
        """One context a process: making one for each connection costs more than the connection."""
        return sslp if isinstance(sslp, ssl.SSLContext) else _unverified()


@contextmanager
def _bounded(sock: socket.socket, seconds: float, cancel: Callable[[float], None] | None = None) -> Iterator[None]:
    failed: Exception | None = None
    with leashed(sock.fileno(), seconds, MOST_RECEIVED, cancel) as leash:
        try:
            yield
        except Exception as error:  # a server that breaks the protocol makes the library raise anything
            failed = error
    if leash.fault is not None:
        raise ended(leash, seconds)
    if failed is not None:
        raise failed if isinstance(failed, Unread) else _fault(failed) from None


def _picked(name: str, kind: int) -> str:
    column = "`{}`".format(name.replace("`", "``")).replace("%", "%%")
    return column if kind in _BOUNDED else f"left({column}, {MOST_CELL + 1}) as {column}"


@functools.cache
def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def ssl_settings(options: Mapping[str, str]) -> dict[str, Any]:
    """The words of PostgreSQL, for one manual serves both."""
    mode = options.get("sslmode", "prefer")
    if mode not in _SSL_MODES:
        raise Unread(Fault.SETUP, f"dsn: sslmode is one of {', '.join(_SSL_MODES)}")
    if mode == "disable":
        return {"ssl_disabled": True}
    if mode == "prefer" and len(options.keys() - {"sslmode", "socket"}) == 0:
        return {}
    context = ssl.create_default_context(cafile=readable(options["sslrootcert"]) if "sslrootcert" in options else None)
    context.check_hostname = mode == "verify-full"
    context.verify_mode = ssl.CERT_REQUIRED if mode.startswith("verify") else ssl.CERT_NONE
    if "sslcert" in options:
        context.load_cert_chain(readable(options["sslcert"]), readable(options.get("sslkey", options["sslcert"])))
    return {"ssl": context}


_FAULTS = {
    1040: Fault.EXHAUSTED, 1203: Fault.EXHAUSTED, 1226: Fault.EXHAUSTED, 1044: Fault.AUTH, 1045: Fault.AUTH,
    1698: Fault.AUTH, 1130: Fault.AUTH, 1969: Fault.TIMEOUT, 3024: Fault.TIMEOUT, 1317: Fault.TIMEOUT,
    2003: Fault.REFUSED, 2002: Fault.REFUSED, 2006: Fault.REFUSED, 2013: Fault.REFUSED, 1053: Fault.REFUSED,
    2026: Fault.TLS,
}  # fmt: skip


def _fault(error: Exception) -> Unread:
    if not isinstance(error, pymysql.MySQLError | OSError):
        return Unread(Fault.PROTOCOL, f"not the protocol of MariaDB: {type(error).__name__}")
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    text = str(error.args[1] if len(error.args) > 1 else error)
    fault = _FAULTS.get(number, Fault.QUERY)
    if isinstance(error, ssl.SSLError) or "certificate" in text:
        fault = Fault.TLS
    elif isinstance(error, TimeoutError) or "timed out" in text:
        fault = Fault.TIMEOUT
    elif isinstance(error, OSError):
        fault = Fault.REFUSED
    elif "sequence number wrong" in text:
        fault = Fault.PROTOCOL
    return Unread(fault, text)
