"""A connection to PostgreSQL."""

import os
import re
import select
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.postgres import types
from psycopg.pq import ConnStatus, PGconn, PollingStatus, abc

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
from mainstay.drivers.leash import leashed, received
from mainstay.drivers.rows import MOST_CELL, MOST_GREETING, MOST_RECEIVED, Rows, Unread, gathered
from mainstay.drivers.statement import Dialect, Refused, examined, named

_SETTINGS = (
    "host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey", "channel_binding",
    "gssencmode", "krbsrvname", "require_auth", "options", "connect_timeout", "application_name", "client_encoding",
    "target_session_attrs",
)  # fmt: skip
_SHORT = """bool int2 int4 int8 oid float4 float8 numeric money date time timetz timestamp timestamptz interval uuid
    name inet cidr macaddr void"""
_BOUNDED = frozenset(types[name].oid for name in re.findall(r"\w+", _SHORT) if types.get(name))
"""Types whose values cannot be long. All others are turned into text and cut on the server."""
_CHUNK = 4_000_000
"""Characters that may be under way at once."""


class PostgreSQL:
    """The statement goes by the extended protocol, which takes one at a time."""

    dialect: Dialect = "postgres"

    def __init__(self, dsn: str, network: NetworkPolicy, seconds: float) -> None:
        self._columns: dict[str, list[tuple[str, int]]] = {}
        with _named_faults():
            self.raw = connected(conninfos(dsn, network), seconds)
            self.raw.autocommit = True
        if self.raw.info.parameter_status("standard_conforming_strings") != "on":
            self.raw.close()  # what is a string and what is not would be read otherwise there than here
            raise Unread(
                Fault.SETUP, "the server runs with standard_conforming_strings off, which cannot be read safely"
            )
        self.raw.read_only = True
        self.raw.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ

    def select(self, text: str, values: Values, limit: int, seconds: float) -> Rows:
        try:
            query = named(examined(text, self.dialect), values)
        except Refused as error:
            raise Unread(Fault.QUERY, str(error)) from None
        with self._bounded(seconds):
            if query not in self._columns:
                self._columns[query] = self._described(query, values)
            try:
                return self._read(query, values, limit)
            except psycopg.Error:
                self._columns.pop(query, None)  # a table may have been altered
                raise

    def ask(self, text: str, limit: int, seconds: float) -> Rows:
        with self._bounded(seconds), self.raw.cursor() as cursor:
            cursor.execute(text.encode())
            return gathered([column.name for column in cursor.description or ()], cursor.fetchall(), limit)

    @contextmanager
    def _bounded(self, seconds: float) -> Iterator[None]:
        """A read-only transaction that is rolled back at the end, whatever was called in it."""
        failed: Unread | None = None
        with leashed(self.raw.fileno(), seconds, MOST_RECEIVED, self._cancel) as leash:
            try:
                with _named_faults(), self.raw.transaction(force_rollback=True):
                    self.raw.execute(
                        "select set_config('statement_timeout', %s, true)", (str(int(seconds * 1000) + 500),)
                    )
                    yield
            except Unread as error:
                failed = error
        if leash.fault is not None:
            raise ended(leash, seconds)
        if failed is not None:
            raise failed

    def _cancel(self, seconds: float) -> None:
        self.raw.cancel_safe(timeout=seconds)

    def _described(self, query: str, values: Values) -> list[tuple[str, int]]:
        """Names and types of the columns, without running the query."""
        cursor = self.raw.execute(wrapped(query, "0").encode(), values, binary=True)  # the protocol of one statement
        return [(column.name, column.type_code) for column in cursor.description or ()]

    def _read(self, query: str, values: Values, limit: int) -> Rows:
        columns = self._columns[query]
        picked = ", ".join(
            f"c{place}" if kind in _BOUNDED else f"left(c{place}::text, {MOST_CELL + 1})"
            for place, (_, kind) in enumerate(columns)
        )
        names = "({})".format(", ".join(f"c{place}" for place in range(len(columns))))
        text = wrapped(query, str(limit + 1), picked, names)
        with self.raw.cursor() as cursor:
            rows = cursor.stream(text.encode(), values, size=_rows_at_once(columns))
            return gathered([name for name, _ in columns], rows, limit)

    def close(self) -> None:
        self.raw.close()


def _rows_at_once(columns: Sequence[Any]) -> int:
    if not psycopg.capabilities.has_stream_chunked():
        return 1
    return max(1, min(1000, _CHUNK // (MOST_CELL * max(1, len(columns)))))


def connected(conninfos: Sequence[str], seconds: float) -> psycopg.Connection[Any]:
    """By the first of them that leads to a server which answers."""
    for number, conninfo in enumerate(conninfos, 1):
        try:
            return psycopg.Connection(_let_in(conninfo, seconds / len(conninfos)))
        except (psycopg.OperationalError, Unread):
            if number == len(conninfos):
                raise
    raise AssertionError("at least one address")


def _let_in(conninfo: str, seconds: float) -> abc.PGconn:
    """libpq keeps all that a server tells of itself, and has no end of its own for it: so it is driven from here, as
    psycopg does, and what it received is counted."""
    line, end = PGconn.connect_start(conninfo.encode()), time.monotonic() + seconds
    try:
        while True:
            state = PollingStatus.FAILED if line.status == ConnStatus.BAD else line.connect_poll()
            if state == PollingStatus.OK:
                line.nonblocking = 1
                return line
            if state == PollingStatus.FAILED:
                raise psycopg.OperationalError(f"connection failed: {line.get_error_message()}")
            if _received(line.socket) > MOST_GREETING:
                raise unwelcome()
            ready = select.poll()
            ready.register(line.socket, select.POLLIN if state == PollingStatus.READING else select.POLLOUT)
            if not ready.poll(max(0, 1000 * (end - time.monotonic()))):
                raise Unread(Fault.TIMEOUT, f"the server did not let us in within {seconds:.1f} s")
    except BaseException:
        line.finish()
        raise


def _received(fd: int) -> int:
    with socket.socket(fileno=os.dup(fd)) as sock:
        return received(sock)


def conninfos(dsn: str, network: NetworkPolicy) -> list[str]:
    """One for each address. Those judged here are what libpq connects to: nothing is left to it or to the
    environment."""
    parts = conninfo_to_dict(dsn)
    chosen(parts, _SETTINGS)
    host, port = str(parts.get("host") or "/var/run/postgresql"), int(str(parts.get("port") or 5432))
    addresses = [""]
    if host.startswith(("/", "@")):
        allow_socket(port, network)
    else:
        addresses = allowed_addresses(host, port, network)
    if root := parts.get("sslrootcert"):
        readable(str(root))
    parts |= {
        "host": host, "port": str(port), "application_name": "mainstay", "passfile": "/dev/null",
        "gssencmode": parts.get("gssencmode") or "disable",
    }  # fmt: skip
    return [make_conninfo("", **(parts | {"hostaddr": address})) for address in addresses]


@contextmanager
def _named_faults() -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, ValueError) as error:
        raise _fault(error) from None


def _fault(error: Exception) -> Unread:
    text = str(error)
    state = getattr(error, "sqlstate", None) or ""
    if state == "53300" or "too many connections" in text or "remaining connection slots" in text:
        fault = Fault.EXHAUSTED
    elif state.startswith("28") or "authentication failed" in text or "no pg_hba.conf entry" in text:
        fault = Fault.AUTH
    elif state == "57014" or isinstance(error, psycopg.errors.ConnectionTimeout):
        fault = Fault.TIMEOUT
    elif not isinstance(error, psycopg.OperationalError) or state.startswith(("42", "22", "25", "54")):
        fault = Fault.QUERY
    elif "certificate" in text or "SSL" in text:
        fault = Fault.TLS
    else:
        fault = Fault.TIMEOUT if "timeout" in text else Fault.REFUSED
    return Unread(fault, text)
