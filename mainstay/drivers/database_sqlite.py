"""A connection to an SQLite file, opened so that it cannot be written."""

import sqlite3
import time
from urllib.parse import quote, unquote

from mainstay.domain.reading import Fault
from mainstay.domain.saying import say, words_of
from mainstay.drivers.database_connection import Values, wrapped
from mainstay.drivers.foreign import at
from mainstay.drivers.rows import Rows, Unread, gathered
from mainstay.drivers.statement import Dialect, Refused, examined, missing

_LONGEST = 16_000_000
"""Bytes of one value."""
_ALLOWED = frozenset({
    sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_TRANSACTION,
})  # fmt: skip


def file_of(dsn: str) -> str:
    """The path that an address names, also where an absolute one is written with a slash too many, as many tools ask
    for: SQLite would take the first directory of ``//srv/x`` for a host."""
    path = unquote(dsn.removeprefix("sqlite://"))
    return f"/{path.lstrip('/')}" if path.startswith("/") else path


class SQLite:
    """SQLite itself is told to allow nothing but reading."""

    dialect: Dialect = "sqlite"

    def __init__(self, dsn: str) -> None:
        path = file_of(dsn)
        try:
            self.raw = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, check_same_thread=False, timeout=1)
            self.raw.execute("select 1 from sqlite_master").close()
        except sqlite3.Error as error:
            raise Unread(Fault.MISSING, at(path, str(error))) from None
        self.raw.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        self.raw.set_authorizer(lambda act, *_: sqlite3.SQLITE_OK if act in _ALLOWED else sqlite3.SQLITE_DENY)

    def select(self, text: str, values: Values, limit: int, seconds: float) -> Rows:
        try:
            query = examined(text, self.dialect)
            if absent := missing(query, values):
                raise Refused(say("the query asks for :%(name)s; give it under params", name=absent))
        except Refused as error:
            raise Unread(Fault.QUERY, words_of(error)) from None
        plain = {name: str(value) if hasattr(value, "isoformat") else value for name, value in values.items()}
        return self._run(wrapped(query, str(limit + 1)), plain, limit, seconds)

    def ask(self, text: str, limit: int, seconds: float) -> Rows:
        return self._run(text, {}, limit, seconds)

    def _run(self, text: str, values: Values, limit: int, seconds: float) -> Rows:
        deadline = time.monotonic() + seconds
        self.raw.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
        try:
            cursor = self.raw.execute(text, dict(values))
            try:
                return gathered([column[0] for column in cursor.description or ()], cursor, limit)
            finally:
                cursor.close()
        except sqlite3.Error as error:
            late = "interrupted" in str(error)
            slow = say("the query did not end within %(seconds)s s", seconds=f"{seconds:.1f}")
            detail = slow if late else str(error)
            raise Unread(Fault.TIMEOUT if late else Fault.QUERY, detail) from None

    def close(self) -> None:
        self.raw.close()
