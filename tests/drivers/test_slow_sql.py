"""What real databases are busy with: locks, who is signed in, what took longest, and what cannot be seen."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.database import Unread
from mainstay.drivers.slow_sql import Busy, look
from tests import servers

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with servers.postgresql(settings={"shared_preload_libraries": "pg_stat_statements"}) as address:
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute("create table orders (id int primary key, note text)")
            admin.execute("insert into orders values (1, 'x')")
            admin.execute("create role guest login password 'guest'")
        yield address


@pytest.fixture(scope="module")
def mariadb() -> Iterator[str]:
    with servers.mariadb() as address:
        yield address


@contextmanager
def held_up(hold: Callable[[], Any], wait: Callable[[], None]) -> Iterator[None]:
    """Somebody holds a row and somebody else waits for it, until the block is left."""
    holder = hold()
    waiter = threading.Thread(target=wait)
    waiter.start()
    try:
        yield
    finally:
        holder.rollback()
        waiter.join(20)
        holder.close()


def until_it_waits(dsn: str) -> Busy:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        busy = look(dsn, LOOPBACK, 5)
        if len(busy.running) == 2 or any(row["held_by"] for row in busy.running):
            return busy
        time.sleep(0.1)
    raise AssertionError(busy)


def test_postgresql_names_who_waits_and_who_holds(postgresql: str) -> None:
    def hold() -> Any:
        holder = psycopg.connect(postgresql, application_name="night batch")
        holder.execute("update orders set note = 'private' where id = 1")
        return holder

    def wait() -> None:
        with psycopg.connect(postgresql, application_name="shop") as waiter:
            waiter.execute("update orders set note = 'secret' where id = 1")

    with held_up(hold, wait):
        busy = until_it_waits(postgresql)
    held, waits = busy.running
    assert (held["program"], held["state"]) == ("night batch", "idle in transaction")
    assert (waits["program"], waits["waits"].split()[0]) == ("shop", "Lock")
    assert waits["held_by"] == str(held["pid"])
    assert waits["statement"] == "update orders set note = '•••' where id = 1"
    assert {(row["program"], row["sessions"]) for row in busy.sessions} == {("night batch", 1), ("shop", 1)}


def test_what_took_longest_is_counted_once_the_extension_is_there(postgresql: str) -> None:
    (words,) = look(postgresql, LOOPBACK, 5).missing
    assert "create extension pg_stat_statements" in words
    with psycopg.connect(postgresql, autocommit=True) as admin:
        admin.execute("create schema if not exists counted")
        admin.execute("create extension pg_stat_statements schema counted")
        admin.execute("select pg_sleep(0.3), 'private'")
    busy = look(postgresql, LOOPBACK, 5)
    assert busy.missing == []
    assert "pg_sleep($1)" in busy.statements[0]["statement"]
    assert float(busy.statements[0]["total_seconds"]) >= 0.3
    assert "private" not in str(busy)


def test_an_account_that_may_not_see_is_told_what_it_lacks(postgresql: str) -> None:
    guest = psycopg.conninfo.make_conninfo(postgresql, user="guest", password="guest")
    with psycopg.connect(postgresql) as other:
        other.execute("select 1 from orders for update")
        busy = look(guest, LOOPBACK, 5)
    assert "pg_monitor" in busy.missing[0]


def test_mariadb_names_what_runs_and_what_it_does_not_count(mariadb: str) -> None:
    def connected() -> Any:
        port = urlsplit(mariadb).port or 0
        return pymysql.connect(host="127.0.0.1", port=port, user="admin", password="pass", database="shop")

    with connected() as db, db.cursor() as cursor:
        cursor.execute("create table orders (id int primary key, note text)")
        cursor.execute("insert into orders values (1, 'x')")
        db.commit()

    def hold() -> Any:
        holder = connected()
        holder.cursor().execute("update orders set note = 'private' where id = 1")
        return holder

    def wait() -> None:
        with connected() as waiter, waiter.cursor() as cursor:
            cursor.execute("update orders set note = 'secret' where id = 1")

    with held_up(hold, wait):
        busy = until_it_waits(mariadb)
    (waits,) = [row for row in busy.running if row["statement"].startswith("update")]
    assert waits["statement"] == "update orders set note = '•••' where id = 1"
    assert waits["held_by"] not in ("", str(waits["pid"]))
    assert sum(row["sessions"] for row in busy.sessions) == 2
    assert "performance_schema = ON" in busy.missing[-1]


def test_another_kind_of_database_says_so(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "x.sqlite3").close()
    with pytest.raises(Unread, match="can only be seen of PostgreSQL"):
        look(f"sqlite:///{tmp_path}/x.sqlite3", LOOPBACK, 1)
