"""Mainstay's own database as a file, and back: SQLite by VACUUM INTO, one reading transaction in which no writer has
to wait; PostgreSQL by pg_dump, in the snapshot in which the facts are read too."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

import psycopg
from psycopg import sql

from mainstay.domain.own_copy import Unfit
from mainstay.domain.saying import say
from mainstay.drivers import program
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.postgresql_programs import client

DUMP = "database.pgdump"
_LONGEST = 6 * 3600.0
_MIGRATIONS = "select app || '.' || name from django_migrations order by 1"
_HEAD = "select number, digest from audit_record order by number desc limit 1"


class Facts(NamedTuple):
    """What a database holds: its migrations, and the audit trail's newest number and digest."""

    migrations: tuple[str, ...]
    head: tuple[int, str]


@dataclass(frozen=True, slots=True)
class Server:
    """A database of a PostgreSQL server, and who asks for it."""

    name: str
    host: str = ""
    port: int = 5432
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, address: str) -> "Server":
        """As the setting ``database`` says it."""
        parts = urlsplit(address)
        return cls(
            parts.path.lstrip("/"), unquote(parts.hostname or ""), parts.port or 5432, unquote(parts.username or ""),
            unquote(parts.password or ""),
        )  # fmt: skip

    def address(self, name: str) -> str:
        """Of another database of this server, as the setting says it."""
        account = ":".join(quote(part, safe="") for part in (self.user, self.password) if part)
        return f"postgresql://{f'{account}@' if account else ''}{quote(self.host, safe='')}:{self.port}/{name}"

    def environment(self) -> dict[str, str]:
        """For PostgreSQL's programs; the password stands nowhere else."""
        told = {"PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": self.user, "PGPASSWORD": self.password}
        return {name: value for name, value in told.items() if value}

    @contextmanager
    def connected(self, name: str = "", *, autocommit: bool = False) -> Iterator[psycopg.Connection[Any]]:
        """To a database of the server. Raises Unfit when it cannot be reached."""
        words = {"host": self.host, "port": self.port, "user": self.user, "password": self.password}
        try:
            db = psycopg.connect(
                dbname=name or self.name, connect_timeout=20, autocommit=autocommit,
                **{key: value for key, value in words.items() if value},  # type: ignore[arg-type]  # psycopg types each word
            )  # fmt: skip
        except psycopg.OperationalError as error:
            raise _unfit(error) from None
        with db:
            yield db


def take_sqlite(path: Path, target: Path) -> Facts:
    """Copy the database while all may write. Raises Unfit."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=60)) as db:
            db.execute("vacuum into ?", (str(target),))
    except sqlite3.Error as error:
        raise Unfit(say("the database cannot be copied: %(why)s", why=error)) from None
    return look_at_sqlite(target)


def look_at_sqlite(path: Path) -> Facts:
    """Whether SQLite itself finds the file whole, and what it holds. Raises Unfit."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as db:
            found = [row[0] for row in db.execute("pragma integrity_check(3)")]
            if found != ["ok"]:
                raise Unfit(say("the database is damaged: %(why)s", why="; ".join(found)[:300]))
            return Facts(tuple(row[0] for row in db.execute(_MIGRATIONS)), db.execute(_HEAD).fetchone() or (0, ""))
    except sqlite3.Error as error:
        raise Unfit(say("the database is damaged: %(why)s", why=error)) from None


def take_postgresql(server: Server, target: Path, tick: Callable[[], None] | None = None) -> Facts:
    """Dump the database in one snapshot, and read the facts in the same. Raises Unfit."""
    with server.connected() as db:
        db.isolation_level, db.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
        snapshot = db.execute("select pg_export_snapshot()").fetchone()
        migrations = tuple(row[0] for row in db.execute(_MIGRATIONS.encode()))
        head = db.execute(_HEAD.encode()).fetchone() or (0, "")
        name = f"--snapshot={snapshot[0] if snapshot else ''}"
        words = ["-Fc", "--no-owner", "--no-privileges", "-Z", "1", name, f"--file={target}", server.name]
        _run("pg_dump", words, server, db.info.server_version // 10_000, tick)
    return Facts(migrations, (int(head[0]), str(head[1])))


def put_postgresql(server: Server, dump: Path, name: str) -> None:
    """Restore a dump into a new database of the server. Raises Unfit; the half-filled database is dropped."""
    with server.connected("postgres", autocommit=True) as db:
        major = db.info.server_version // 10_000
        try:
            db.execute(sql.SQL("create database {} template template0 encoding 'UTF8'").format(sql.Identifier(name)))
        except psycopg.Error as error:
            raise _unfit(error) from None
    try:
        _run(
            "pg_restore",
            ["--exit-on-error", "--no-owner", "--no-privileges", f"--dbname={name}", str(dump)],
            server,
            major,
        )
    except BaseException:
        drop(server, name)
        raise


def drop(server: Server, name: str) -> None:
    """Remove a database that nobody uses."""
    with server.connected("postgres", autocommit=True) as db:
        db.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))


def exists(server: Server, name: str) -> bool:
    """Is there a database of that name?"""
    with server.connected("postgres") as db:
        return db.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is not None


def is_filled(server: Server) -> bool:
    """Whether the server's database is there and holds a Mainstay."""
    if not exists(server, server.name):
        return False
    with server.connected() as db:
        return db.execute("select to_regclass('django_migrations')").fetchone() != (None,)


def ensure_alone(server: Server) -> None:
    """Raises Unfit while somebody is connected to the database."""
    with server.connected("postgres") as db:
        count = db.execute("select count(*) from pg_stat_activity where datname = %s", [server.name]).fetchone()
    if count and count[0]:
        raise Unfit(
            say("%(count)s sessions use the database %(name)s; end mainstay up first", count=count[0], name=server.name)
        )


def change_places(server: Server, new: str, old: str) -> None:
    """``new`` takes the name of the server's database, which is called ``old`` from then on: both or nothing."""
    rename = sql.SQL("alter database {} rename to {}")
    with server.connected("postgres") as db:
        live, there = (
            sql.Identifier(server.name),
            db.execute("select 1 from pg_database where datname = %s", [server.name]),
        )
        try:
            if there.fetchone():
                db.execute(rename.format(live, sql.Identifier(old)))
            db.execute(rename.format(sql.Identifier(new), live))
        except psycopg.Error as error:
            raise _unfit(error) from None


def change_back(server: Server, new: str, old: str) -> None:
    """What ``change_places`` did, undone."""
    rename = sql.SQL("alter database {} rename to {}")
    with server.connected("postgres") as db:
        db.execute(rename.format(sql.Identifier(server.name), sql.Identifier(new)))
        if db.execute("select 1 from pg_database where datname = %s", [old]).fetchone():
            db.execute(rename.format(sql.Identifier(old), sql.Identifier(server.name)))


def _run(name: str, words: list[str], server: Server, major: int, tick: Callable[[], None] | None = None) -> None:
    try:
        until = time.monotonic() + _LONGEST
        ended = program.run([client(name, major), *words], until=until, environment=server.environment(), tick=tick)
    except ToolFailed as error:
        raise Unfit(say("%(name)s did not do it: %(why)s", name=name, why=error.detail)) from None
    if ended.code:
        raise Unfit(say("%(name)s did not do it: %(why)s", name=name, why=ended.err.strip()[:500]))


def _unfit(error: psycopg.Error) -> Unfit:
    return Unfit(say("PostgreSQL refused: %(why)s", why=(str(error).strip().splitlines() or ["no reason given"])[0]))
