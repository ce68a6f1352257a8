"""Other people's databases: what is refused, what is bounded, and what each failure is called. Real servers."""

import sqlite3
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import psycopg
import pytest

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault
from mainstay.drivers.database import Connection, Shelf, Unread, connect
from mainstay.drivers.database_sqlite import file_of
from mainstay.drivers.statement import Refused, examined, named
from tests.servers import postgresql

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Connection]:
    path = tmp_path / "books.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("create table line (id integer, amount real)")
        db.executemany("insert into line values (?, ?)", [(number, number / 2) for number in range(3000)])
    connection = connect(f"sqlite://{path}", LOOPBACK, 3)
    yield connection
    connection.close()


REFUSED = {
    "update": "update line set amount = 0",
    "two statements": "select 1; drop table line",
    "a delete in a cte": "with gone as (delete from line returning id) select * from gone",
    "a lock": "select * from line for update",
    "into": "select * into copy from line",
    "settings": "select set_config('statement_timeout', '0', false)",
    "sleep": "select pg_sleep(60)",
    "another server": "select * from dblink('host=evil', 'select 1') as t(a int)",
    "end a session": "select pg_terminate_backend(1)",
    "a file": "select pg_read_file('/etc/passwd')",
    "a lock for ever": "select pg_advisory_lock(1)",
    "commit": "commit",
    "set": "set statement_timeout = 0",
    "copy": "copy line to program 'sh'",
    "nothing": "-- nothing",
    "not sql": "selec 1",
}


@pytest.mark.parametrize("name", REFUSED)
def test_only_one_select_goes_out(name: str) -> None:
    with pytest.raises(Refused):
        examined(REFUSED[name], "postgres")


def test_an_honest_query_passes() -> None:
    text = "with a as (select 1 as x) select x, 'it''s; drop' from a union all select 2, 'b' order by 1 ;"
    assert examined(text, "postgres").endswith("order by 1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > :now - b", "a > %(now)s - b"),
        ("a::date < :now::date", "a::date < %(now)s::date"),
        ("x like '%:now%' -- :now 5%", "x like '%%:now%%' -- :now 5%%"),
        ("f(hours => :now) % 2", "f(hours => %(now)s) %% 2"),
        ("$$ :now $$ || :now", "$$ :now $$ || %(now)s"),
        ('"a:now" = :now', '"a:now" = %(now)s'),
    ],
)
def test_names_are_bound_and_nothing_else_is_touched(text: str, expected: str) -> None:
    assert named(text, {"now": 1}) == expected


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(Refused, match=":hours"):
        named("a > :hours", {"now": 1})


def test_sqlite_is_read_and_bounded(books: Connection) -> None:
    found = books.select("select id, amount from line where id >= :least", {"least": 10}, 100, 3)
    assert (len(found.rows), found.more, found.columns) == (100, True, ("id", "amount"))


def test_sqlite_is_named_with_a_slash_too_many(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "books.sqlite3").close()
    connect(f"sqlite:///{tmp_path}/books.sqlite3", LOOPBACK, 3).close()
    assert file_of("sqlite:///srv/a%20b") == file_of("sqlite:////srv/a%20b") == "/srv/a b"
    assert file_of("sqlite://books.sqlite3") == "books.sqlite3"


def test_sqlite_cannot_be_written(books: Connection) -> None:
    for text in ("delete from line", "pragma journal_mode = wal", "attach 'x' as y"):
        with pytest.raises(Unread) as refused:
            books.select(text, {}, 1, 3)
        assert refused.value.problem.fault is Fault.QUERY


def test_sqlite_ends_at_its_deadline(books: Connection) -> None:
    began = time.monotonic()
    with pytest.raises(Unread) as late:
        books.select("select count(*) as n from line a, line b, line c", {}, 1, 0.5)
    assert late.value.problem.fault is Fault.TIMEOUT
    assert time.monotonic() - began < 5


def test_a_database_that_is_not_there() -> None:
    with pytest.raises(Unread) as absent:
        connect("sqlite:///nowhere/at/all.db", LOOPBACK, 1)
    assert absent.value.problem.fault is Fault.MISSING


@pytest.mark.parametrize(
    ("dsn", "fault"),
    [
        ("postgresql://a@127.0.0.1:1/x", Fault.REFUSED),
        ("mariadb://a@127.0.0.1:1/x", Fault.REFUSED),
        ("postgresql://a@10.1.2.3/x", Fault.DENIED),
        ("mysql://a@169.254.169.254/x", Fault.DENIED),
        ("postgresql://a@no-such-host.invalid/x", Fault.UNRESOLVED),
        ("oracle://a@127.0.0.1/x", Fault.SETUP),
    ],
)
def test_each_failure_has_its_name(dsn: str, fault: Fault) -> None:
    with pytest.raises(Unread) as failure:
        connect(dsn, LOOPBACK, 2)
    assert failure.value.problem.fault is fault
    assert "a@" not in failure.value.problem.detail


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A real PostgreSQL with a table and a guest who may have one connection."""
    with postgresql() as admin:
        with psycopg.connect(admin, autocommit=True) as db:
            db.execute("create table line (id int, amount numeric)")
            db.execute("insert into line select n, n / 2.0 from generate_series(1, 5000) n")
            db.execute("create role guest login password 'g' connection limit 1")
            db.execute("grant select on line to guest")
        yield admin


def test_postgresql_is_read_and_bounded(server: str) -> None:
    connection = connect(server, LOOPBACK, 5)
    found = connection.select("select id, amount from line where id <= :most", {"most": 4000}, 1000, 5)
    assert (len(found.rows), found.more) == (1000, True)
    connection.close()


@pytest.mark.parametrize("text", ["select write_line()", "select nextval('counter')"])
def test_postgresql_itself_refuses_to_write(server: str, text: str) -> None:
    """What no reader of statements can see, the read-only transaction stops."""
    with psycopg.connect(server, autocommit=True) as db:
        db.execute("create sequence if not exists counter")
        db.execute(
            "create or replace function write_line() returns int language sql as "
            "'insert into line values (0, 0) returning id'"
        )
    connection = connect(server, LOOPBACK, 5)
    with pytest.raises(Unread) as refused:
        connection.select(text, {}, 1, 5)
    assert refused.value.problem.fault is Fault.QUERY
    connection.close()


def test_a_long_query_is_cancelled_on_the_server(server: str) -> None:
    connection = connect(server, LOOPBACK, 5)
    began = time.monotonic()
    with pytest.raises(Unread) as late:
        connection.select("select count(*) from generate_series(1, 3000000000)", {}, 1, 0.5)
    assert late.value.problem.fault is Fault.TIMEOUT
    assert time.monotonic() - began < 5
    connection.close()
    with psycopg.connect(server) as db:
        running = db.execute(
            "select count(*) from pg_stat_activity where query like '%3000000000%' and state = 'active'"
        )
        assert (running.fetchone() or (0,))[0] <= 1, "only this look at it"


def test_a_full_house_and_a_wrong_password_have_their_names(server: str) -> None:
    guest = server.replace("estate_admin:pass@", "guest:g@")
    first = connect(guest, LOOPBACK, 5)
    with pytest.raises(Unread) as full:
        connect(guest, LOOPBACK, 5)
    first.close()
    with pytest.raises(Unread) as wrong:
        connect(server.replace(":pass@", ":no@"), LOOPBACK, 5)
    assert (full.value.problem.fault, wrong.value.problem.fault) == (Fault.EXHAUSTED, Fault.AUTH)


def test_a_kept_connection_that_died_is_no_finding(server: str) -> None:
    shelf = Shelf(server, LOOPBACK)
    assert shelf.select("select 1 as one", {}, 1, 5).rows == [{"one": 1}]
    with psycopg.connect(server, autocommit=True) as db:
        db.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'mainstay'")
    assert shelf.select("select 2 as two", {}, 1, 5).rows == [{"two": 2}]
