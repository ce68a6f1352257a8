"""Reading other people's databases: one SELECT at a time, read-only, with an end, and never more than was asked for.

A role's ``statement_timeout`` and read-only default can be switched off by the query itself. The real bounds are the
grants of the account, one statement examined before it is sent and wrapped as a sub-select, and the cancel that goes
out from here at the deadline.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault
from mainstay.domain.saying import say
from mainstay.drivers.database_connection import Connection, Values, allowed_address
from mainstay.drivers.database_mariadb import MariaDB
from mainstay.drivers.database_postgresql import PostgreSQL
from mainstay.drivers.database_sqlite import SQLite
from mainstay.drivers.rows import MOST_ROWS, Rows, Unread

__all__ = ["MOST_ROWS", "Connection", "Rows", "Shelf", "Together", "Unread", "allowed_address", "connect"]

CONNECTIONS = 2
"""Kept connections to one database, whatever the number of checks on it. With the one that a look at its health
makes, three: a guest takes little room."""
IDLE = 90.0
"""Seconds after which a connection that nobody used is given back."""

T = TypeVar("T")


def connect(dsn: str, network: NetworkPolicy, seconds: float) -> Connection:
    """Open a connection. Raises Unread."""
    scheme = urlsplit(dsn).scheme if "://" in dsn else ""
    if scheme in ("postgresql", "postgres") or (not scheme and "=" in dsn):
        return PostgreSQL(dsn, network, seconds)
    if scheme in ("mysql", "mariadb"):
        return MariaDB(dsn, network, seconds)
    if scheme == "sqlite":
        return SQLite(dsn)
    raise Unread(Fault.SETUP, say("dsn: write postgresql://, mariadb://, mysql:// or sqlite:///path"))


class Shelf:
    """A few kept connections to one database, shared by all checks on it."""

    def __init__(self, dsn: str, network: NetworkPolicy) -> None:
        self._dsn, self._network = dsn, network
        self._idle: queue.LifoQueue[Connection | None] = queue.LifoQueue()
        self._sweeper: threading.Timer | None = None
        self._used = 0.0
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
                # A kept connection may have died since its last use; that says nothing about the database now.
                if not kept or error.problem.fault is not Fault.REFUSED:
                    raise
            taken.drop()
            taken.connection = connect(self._dsn, self._network, _rest(deadline))
            return taken.connection.select(text, values, limit, _rest(deadline))

    @contextlib.contextmanager
    def _taken(self, seconds: float) -> Iterator["_Taken"]:
        try:
            taken = _Taken(self._idle.get(timeout=seconds))
        except queue.Empty:
            busy = say(
                "other checks held all %(n)s connections for %(seconds)s s", n=CONNECTIONS, seconds=f"{seconds:.0f}"
            )
            raise Unread(Fault.TIMEOUT, busy) from None
        try:
            yield taken
        except Unread as error:
            if error.problem.fault is not Fault.QUERY:
                taken.drop()
            raise
        except BaseException:
            taken.drop()
            raise
        finally:
            self._put_back(taken)

    def _put_back(self, taken: "_Taken") -> None:
        self._used = time.monotonic()
        self._idle.put(taken.connection)
        if taken.connection is not None and self._sweeper is None:
            self._sweep_in(IDLE)

    def _sweep_in(self, seconds: float) -> None:
        self._sweeper = threading.Timer(seconds, self._sweep)
        self._sweeper.daemon = True
        self._sweeper.start()

    def _sweep(self) -> None:
        rest = self._used + IDLE - time.monotonic()
        self._sweeper = None
        if rest > 0:
            self._sweep_in(rest)
        else:
            self.close()

    def close(self) -> None:
        """Give back what nobody uses at this moment."""
        places = 0
        with contextlib.suppress(queue.Empty):
            while places < CONNECTIONS:
                _Taken(self._idle.get_nowait()).drop()
                places += 1
        for _ in range(places):
            self._idle.put(None)


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


class Together(Generic[T]):
    """One look at a time, whoever asks: those who wait while it is under way share what it gave."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended = float("-inf")
        self._given: T | None = None

    def look(self, work: Callable[[float], T], seconds: float) -> T:
        """``work`` is told how many seconds it has, and never raises. Raises Unread when no turn came."""
        asked = time.monotonic()
        if not self._lock.acquire(timeout=seconds):
            raise Unread(Fault.TIMEOUT, say("no answer within %(seconds)s s", seconds=f"{seconds:g}"))
        try:
            if self._given is None or self._ended < asked:
                self._given = work(_rest(asked + seconds))
                self._ended = time.monotonic()
            return self._given
        finally:
            self._lock.release()
