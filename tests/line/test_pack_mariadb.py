"""The pack for MariaDB, on a real server: silent when it is well, and each fault found by its own check. And what a
statement is held to there."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pymysql
import pytest

from mainstay.catalogue import queries
from mainstay.domain.reading import Fault
from mainstay.drivers.database import Connection, Unread, connect
from tests.line.looking import LOOPBACK, apply, complaints, look
from tests.line.site import until
from tests.servers import mariadb

CATALOGUE = """\
system: shop
components:
  db: {{kind: mariadb, dsn: "${{DSN}}", packs: [{{mariadb: {{{0}}}}}]}}
"""

pytestmark = [pytest.mark.django_db, pytest.mark.mariadb]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of its own, for connections are counted."""
    with mariadb(max_connections=30) as address:
        yield address


@pytest.fixture
def dsn(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DSN", server)
    return server


def line(dsn: str) -> Any:
    parts = urlsplit(dsn)
    return closing(
        pymysql.connect(
            host=parts.hostname, port=parts.port or 0, user=parts.username, password=parts.password or "",
            database="shop", autocommit=True,
        )
    )  # fmt: skip


def run(dsn: str, *statements: str) -> list[Any]:
    with line(dsn) as db, db.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


@pytest.fixture(autouse=True)
def books(dsn: str) -> None:
    run(dsn, "create or replace table held (id int primary key) engine=innodb", "insert into held values (1)")


def care(values: str = "") -> None:
    apply(CATALOGUE.format(values))


@contextmanager
def held_row(dsn: str) -> Iterator[None]:
    """One transaction keeps a row, another waits for it."""
    with line(dsn) as holder, line(dsn) as waiter:
        holder.begin()
        holder.cursor().execute("update held set id = 2")
        thread = threading.Thread(target=lambda: waiter.cursor().execute("update held set id = 3"))
        thread.start()
        waits = "select count(*) from information_schema.innodb_trx where trx_state = 'LOCK WAIT'"
        while run(dsn, waits) != [(1,)]:
            time.sleep(0.05)
        try:
            yield
        finally:
            holder.rollback()
            thread.join()


def test_a_healthy_server_gives_no_complaint(dsn: str) -> None:
    care()
    found = look(pause=0.2)
    assert {name: reading for name, (state, reading) in found.items() if state != "ok"} == {}
    assert len(found) == 7
    for name, (_, reading) in found.items():
        metrics = {text.split()[0] for text in queries.check(f"shop/{name}").document["warn"]}
        assert metrics & reading.values.keys() or name in ("db.cache", "db.replication"), name


def test_a_server_that_is_down_is_explained_by_one_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSN", "mariadb://nobody@127.0.0.1:1/none")
    care()
    assert "db.up" in complaints()
    others = queries.checks("shop").exclude(name="db.up")
    assert all(check.document["explained_by"] == ["db.up"] for check in others)


def test_a_wait_for_a_lock_is_found_with_its_holder(dsn: str) -> None:
    care("wait_warn: 0s")
    with held_row(dsn):
        found = look()
    assert {name for name, (state, _) in found.items() if state != "ok"} == {"db.locks"}
    evidence = str(found["db.locks"][1].rows)
    assert "update held set id = 3" in evidence, "who waits"
    assert "Sleep" in evidence, "who holds it, and does nothing"


def test_a_wait_for_a_table_is_found(dsn: str) -> None:
    care("wait_warn: -1s")
    with line(dsn) as holder, line(dsn) as waiter:
        holder.cursor().execute("lock tables held write")
        thread = threading.Thread(target=lambda: waiter.cursor().execute("select * from held"))
        thread.start()
        waits = "select count(*) from information_schema.processlist where state like 'Waiting for%lock'"
        while run(dsn, waits) != [(1,)]:
            time.sleep(0.05)
        found = look()
        holder.cursor().execute("unlock tables")
        thread.join()
    assert found["db.locks"][1].values["blocked"] == 1


def test_a_transaction_that_stays_open_is_found(dsn: str) -> None:
    care("transaction_warn: 100ms")
    with line(dsn) as idle:
        idle.begin()
        idle.cursor().execute("update held set id = 5")
        time.sleep(0.2)
        assert complaints() == {"db.transactions"}
        idle.rollback()


def test_old_versions_of_rows_that_are_not_removed_are_found(dsn: str) -> None:
    care("history_warn: 60")
    assert complaints() == set()
    with line(dsn) as old, line(dsn) as busy:
        old.cursor().execute("start transaction with consistent snapshot")
        for number in range(100):
            busy.cursor().execute("update held set id = %s", (number + 10,))
        found = look()
        old.rollback()
    assert {name for name, (state, _) in found.items() if state != "ok"} == {"db.upkeep"}
    assert found["db.upkeep"][1].values["history"] >= 100


def test_connections_that_run_out_are_found(dsn: str) -> None:
    care("connections_warn: 25%")
    kept = [line(dsn) for _ in range(9)]
    try:
        assert complaints() == {"db.connections"}
    finally:
        for one in kept:
            one.thing.close()


def test_a_replica_that_stands_still_is_found(dsn: str) -> None:
    care()
    run(dsn, "change master to master_host='127.0.0.1', master_user='x', master_password='y'")
    try:
        assert complaints() == {"db.replication"}
    finally:
        run(dsn, "reset slave all")


def test_what_the_account_may_not_see_is_said_with_its_cure(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run(
        dsn,
        "create or replace user guest@'127.0.0.1' identified by 'pass'",
        "grant select on shop.* to guest@'127.0.0.1'",
    )
    monkeypatch.setenv("DSN", dsn.replace("admin:", "guest:"))
    care()
    problem = look()["db.up"][1].problem
    assert problem is not None
    assert "GRANT PROCESS ON *.*" in problem.detail


@pytest.mark.parametrize(
    ("values", "check"), [("connect_warn: 0s", "db.up"), ("connections_crit: 0%", "db.connections")]
)
def test_thresholds_are_overridden_by_name(dsn: str, values: str, check: str) -> None:
    care(values)
    assert complaints() == {check}


@pytest.fixture
def reader(dsn: str) -> Iterator[Connection]:
    connection = connect(dsn, LOOPBACK, 5)
    yield connection
    connection.close()


@pytest.mark.parametrize("text", ["select write_held()", "select nextval(counter)"])
def test_the_server_itself_refuses_to_write(dsn: str, reader: Connection, text: str) -> None:
    """What no reader of statements can see, the read-only transaction stops; or it is not even sent."""
    run(
        dsn,
        "create sequence if not exists counter",
        "create or replace function write_held() returns int begin insert into held values (7); return 7; end",
    )
    with pytest.raises(Unread) as refused:
        reader.select(text, {}, 1, 5)
    assert refused.value.problem.fault is Fault.QUERY
    assert run(dsn, "select count(*) from held where id = 7") == [(0,)]


def test_a_long_query_is_ended_on_the_server(dsn: str, reader: Connection) -> None:
    assert reader.select("select @@max_statement_time as most", {}, 1, 5).rows == [{"most": 5.5}]
    with pytest.raises(Unread) as late:
        reader.select("select sum(sqrt(seq)) as n from seq_1_to_100000000000", {}, 1, 0.5)
    assert late.value.problem.fault is Fault.TIMEOUT
    running = (
        "select count(*) from information_schema.processlist where info like '%100000000000%' and id <> connection_id()"
    )
    until(lambda: run(dsn, running) == [(0,)])
