"""The pack for any order system, on real databases: silent on healthy data, and each fault found by its own check."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest

from tests.line.looking import apply, complaints, look
from tests.servers import mariadb, postgresql

NOW = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
SCHEMA = (
    "create table sales (id integer primary key, no varchar(20), status varchar(20), placed timestamp null, "
    "since timestamp null, total decimal(12, 2))",
    "create table sales_lines (id integer primary key, sale integer, product varchar(20), quantity integer)",
)
CATALOGUE = """\
system: shop
components:
  db:
    kind: {kind}
    dsn: "{dsn}"
    packs:
      - generic-orders: {{orders: sales, number: no, state: status, created: placed, changed: {changed}, amount: total,
          lines: sales_lines, line_order: sale, second: payment_received, recent: "{recent}"}}
"""


class Books(Protocol):
    def run(self, statement: str) -> None: ...


def _fill(books: Books) -> None:
    """Orders in every state, a return, a cancelled order without lines, and one that just came in."""
    states = ["new", "payment_received", "shipped", "done", "cancelled"]
    for number in range(1, 41):
        at = NOW - timedelta(hours=number * 0.4)
        total = "-19.90" if number == 7 else f"{number}.50"
        books.run(f"insert into sales values ({number}, 'S{number}', '{states[number % 5]}', '{at}', '{at}', {total})")
        if states[number % 5] != "cancelled":
            books.run(f"insert into sales_lines values ({number}, {number}, 'tea', 2)")
    books.run(f"insert into sales values (41, 'S41', 'new', '{NOW}', '{NOW}', 5)")


class _SQLiteBooks:
    def __init__(self, path: Path) -> None:
        self._raw = sqlite3.connect(path, isolation_level=None)
        self.catalogue = CATALOGUE.format(
            kind="sqlite", dsn=f"sqlite://{path}", changed="unixepoch(since)", recent="datetime(:now, '-4 hours')"
        )

    def run(self, statement: str) -> None:
        self._raw.execute(statement)

    def close(self) -> None:
        self._raw.close()


class _PostgreSQLBooks:
    def __init__(self, dsn: str) -> None:
        self._raw = psycopg.connect(dsn, autocommit=True)
        self._raw.execute("set timezone = 'UTC'")
        self.catalogue = CATALOGUE.format(
            kind="postgresql", dsn="${DSN}", changed="since at time zone 'UTC'", recent=":now - interval '4' hour"
        )

    def run(self, statement: str) -> None:
        self._raw.execute(statement)

    def close(self) -> None:
        self._raw.close()


class _MariaDBBooks:
    def __init__(self, dsn: str) -> None:
        parts = urlsplit(dsn)
        self._raw = pymysql.connect(
            host=parts.hostname, port=parts.port or 0, user=parts.username, password=parts.password or "",
            database="shop", autocommit=True,
        )  # fmt: skip
        self.catalogue = CATALOGUE.format(
            kind="mariadb", dsn="${DSN}", changed="since", recent=":now - interval '4' hour"
        )

    def run(self, statement: str) -> None:
        self._raw.cursor().execute(statement)

    def close(self) -> None:
        self._raw.close()


@pytest.fixture(scope="module")
def servers() -> Iterator[Callable[[str], str]]:
    """Each kind is started when it is first asked for."""
    with ExitStack() as stack:
        yield cache(lambda kind: stack.enter_context({"postgresql": postgresql, "mariadb": mariadb}[kind]()))


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def books(
    request: pytest.FixtureRequest, tmp_path: Path, servers: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    if request.param != "sqlite":
        monkeypatch.setenv("DSN", servers(request.param))
    kinds: dict[str, Callable[[], Any]] = {
        "sqlite": lambda: _SQLiteBooks(tmp_path / "shop.sqlite3"),
        "postgresql": lambda: _PostgreSQLBooks(servers("postgresql")),
        "mariadb": lambda: _MariaDBBooks(servers("mariadb")),
    }
    found = kinds[request.param]()
    for table in ("sales", "sales_lines"):
        found.run(f"drop table if exists {table}")
    for statement in SCHEMA:
        found.run(statement)
    _fill(found)
    yield found
    found.close()


pytestmark = pytest.mark.django_db

LONG_AGO = NOW - timedelta(days=9)


def test_healthy_orders_give_no_complaint(books: Any) -> None:
    apply(books.catalogue)
    found = look()
    assert len(found) == 6
    assert {name: (state, reading.problem) for name, (state, reading) in found.items() if state != "ok"} == {}
    flow = found["db.flow"][1]
    assert flow.values["open"] == 25
    assert flow.values["stuck"] == 0


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("update sales set since = '{long_ago}' where id = 2", "db.flow"),
        ("update sales set placed = '{long_ago}'", "db.no-new-orders"),
        ("update sales set no = 'S2' where id = 3", "db.duplicate-number"),
        ("insert into sales_lines values (900, 4711, 'tea', 1)", "db.orphan-line"),
        ("delete from sales_lines where sale = 1", "db.empty-order"),
        ("update sales set status = 'shiped' where id = 3", "db.unknown-state"),
        ("update sales set status = null where id = 3", "db.unknown-state"),
    ],
)
def test_each_fault_is_found_by_its_own_check(books: Any, statement: str, check: str) -> None:
    apply(books.catalogue)
    books.run(statement.format(long_ago=LONG_AGO))
    assert complaints() == {check}


def test_the_evidence_names_the_order_and_its_money(books: Any) -> None:
    apply(books.catalogue)
    books.run(f"update sales set since = '{LONG_AGO}' where id = 2")
    books.run("update sales set no = 'S5' where id = 4")
    found = look()
    assert found["db.flow"][1].values["stuck_amount"] == 2.5
    stuck = found["db.flow"][1].rows[0]
    assert (stuck["case"], stuck["state"]) == ("S2", {"en": "shipped", "zh": "已发货"})
    assert [dict(row)["number"] for row in found["db.duplicate-number"][1].rows] == ["S5"]
