"""One statement that changes somebody else's database: shown first, then done in one transaction or not at all."""

import contextlib
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import psycopg
import pymysql
import sqlglot
from sqlglot import exp

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.saying import say
from mainstay.drivers.database_mariadb import MariaDB
from mainstay.drivers.database_postgresql import PostgreSQL
from mainstay.drivers.leash import leashed
from mainstay.drivers.rows import MOST_RECEIVED, Unread
from mainstay.drivers.statement import Dialect, Refused, examined, named

_DIALECTS: tuple[Dialect, ...] = ("postgres", "mysql", "sqlite")


class WriteFailed(Exception):
    """Nothing was changed, as far as the database says; ``str()`` says why."""


def dialect_of(dsn: str) -> Dialect:
    """By the address."""
    scheme = urlsplit(dsn).scheme if "://" in dsn else ""
    return "mysql" if scheme in ("mysql", "mariadb") else "sqlite" if scheme == "sqlite" else "postgres"


def is_reading(text: str) -> bool:
    """Whether the statement is one SELECT that only reads, whatever the database."""
    try:
        for dialect in _DIALECTS:
            examined(text, dialect)
    except Refused:
        return _reads_somewhere(text)
    return True


def _reads_somewhere(text: str) -> bool:
    """A SELECT in the words of one database alone. What is read as a write by any is a write."""
    found = []
    for dialect in _DIALECTS:
        try:
            examined(text, dialect)
            found.append(True)
        except Refused as error:
            if "could not be read" not in str(error):
                return False
    return bool(found)


def show_statement(text: str, dialect: Dialect) -> str:
    """A SELECT of the rows that an UPDATE or a DELETE of one table will change. Raises Refused."""
    try:
        parsed = [one for one in sqlglot.parse(text, dialect=dialect) if one is not None]
    except sqlglot.errors.SqlglotError as error:
        raise Refused(say("the query could not be read: %(error)s", error=str(error).splitlines()[0])) from None
    if len(parsed) != 1:
        raise Refused(say("%(n)s statements; write exactly one", n=len(parsed)))
    tree = parsed[0]
    plain = isinstance(tree, exp.Update | exp.Delete) and isinstance(tree.this, exp.Table)
    extra = [
        name for name in ("from_", "from", "using", "tables", "with_", "with", "limit", "order") if tree.args.get(name)
    ]
    if not plain or extra or (tree.this.args.get("joins") if plain else None):
        raise Refused(say("what this will change cannot be derived; write under shows a SELECT of it"))
    select = exp.select("*").from_(tree.this.copy())
    if where := tree.args.get("where"):
        select = select.where(where.this.copy())
    for found in list(select.find_all(exp.Placeholder)):
        found.replace(exp.Var(this=f":{found.name}"))  # as it was written, and not as a driver would have it
    return select.sql(dialect=dialect)


def write(
    dsn: str, text: str, values: Mapping[str, Any], expected: int | None, *, network: NetworkPolicy, seconds: float
) -> tuple[int, str]:
    """How many rows were changed, and what a RETURNING or SELECT gave. Another number than ``expected`` is undone.
    Raises WriteFailed."""
    dialect = dialect_of(dsn)
    try:
        if dialect == "postgres":
            return _postgresql(dsn, text, values, expected, network=network, seconds=seconds)
        if dialect == "mysql":
            return _mariadb(dsn, text, values, expected, network=network, seconds=seconds)
        return _sqlite(dsn, text, values, expected, seconds)
    except (Unread, Refused) as error:
        raise WriteFailed(error.args[0]) from None
    except (psycopg.Error, pymysql.MySQLError, sqlite3.Error) as error:
        raise WriteFailed((str(error).strip().splitlines() or [type(error).__name__])[0]) from None


def _require(changed: int, expected: int | None) -> None:
    if expected is not None and changed != expected:
        raise WriteFailed(
            say("%(changed)s rows would change, %(expected)s were shown; nothing was done", changed=changed,
                expected=expected)
        )  # fmt: skip


def _postgresql(
    dsn: str, text: str, values: Mapping[str, Any], expected: int | None, *, network: NetworkPolicy, seconds: float
) -> tuple[int, str]:
    connection = PostgreSQL(dsn, network, seconds)
    raw = connection.raw
    try:
        # a standby knows no other transactions than those that read; what it is told to do, such as to be the primary
        # from now on, is told in one of them
        raw.read_only = None if raw.info.parameter_status("in_hot_standby") == "on" else False
        raw.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        leash = leashed(raw.fileno(), seconds, MOST_RECEIVED, lambda most: raw.cancel_safe(timeout=most))
        with leash, raw.transaction():
            cursor = raw.execute(named(text, values).encode(), dict(values))
            found = cursor.fetchmany(100) if cursor.description else []
            _require(cursor.rowcount, expected)
        return cursor.rowcount, _lines(found)
    finally:
        connection.close()


def _mariadb(
    dsn: str, text: str, values: Mapping[str, Any], expected: int | None, *, network: NetworkPolicy, seconds: float
) -> tuple[int, str]:
    connection = MariaDB(dsn, network, seconds)
    try:
        with connection.raw.cursor() as cursor:
            cursor.execute("set session transaction read write")
            connection.raw.begin()
            try:
                changed = int(cursor.execute(named(text, values, "mysql"), dict(values)))
                found = list(cursor.fetchmany(100)) if cursor.description else []
                _require(changed, expected)
            except BaseException:
                with contextlib.suppress(pymysql.MySQLError):
                    connection.raw.rollback()
                raise
            connection.raw.commit()
        return changed, _lines(found)
    finally:
        connection.close()


def _sqlite(dsn: str, text: str, values: Mapping[str, Any], expected: int | None, seconds: float) -> tuple[int, str]:
    path = unquote(dsn.removeprefix("sqlite://"))
    raw = sqlite3.connect(f"file:{quote(path)}?mode=rw", uri=True, timeout=seconds, isolation_level=None)
    try:
        raw.execute("begin immediate")
        cursor = raw.execute(text, dict(values))
        found = cursor.fetchmany(100) if cursor.description else []
        _require(cursor.rowcount if not found else len(found), expected)
        raw.execute("commit")
        return max(cursor.rowcount, len(found)), _lines(found)
    finally:
        raw.close()  # what was not committed is undone


def _lines(rows: list[Any]) -> str:
    return "\n".join("\t".join(str(one) for one in row) for row in rows)
