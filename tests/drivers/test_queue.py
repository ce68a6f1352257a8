"""Queues in a table and in a directory, and which settings belong to which source."""

import os
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import ValidationError

from mainstay.catalogue.examine import examine
from mainstay.catalogue.sources import Invalid
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Reading
from mainstay.drivers import queue_directory
from mainstay.drivers.database import Shelf
from mainstay.drivers.probes import Reach
from mainstay.drivers.probes.queue import Probe, Settings
from tests.servers import postgresql

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))


def look(timeout: float = 5.0, **settings: Any) -> Reading:
    kept: list[Shelf] = []

    def shared(_key: str, make: Any) -> Any:
        kept.append(make())
        return kept[-1]

    probe = Probe(Settings.model_validate(settings), Reach(timeout, LOOPBACK, {}, shared))
    try:
        return probe.read()
    finally:
        probe.close()
        for shelf in kept:
            shelf.close()


def fault(reading: Reading) -> Fault | None:
    return reading.problem.fault if reading.problem else None


def words(reading: Reading) -> str:
    return reading.problem.detail if reading.problem else ""


MISFITS: dict[str, tuple[dict[str, Any], str]] = {
    "no key": ({"source": "redis", "url": "redis://127.0.0.1"}, "needs key"),
    "no queue": ({"source": "rabbitmq"}, "needs queue"),
    "no path": ({"source": "directory"}, "needs path"),
    "another source's key": ({"source": "directory", "path": "/in", "url": "http://a"}, "url does not belong"),
    "another source's keys": (
        {"source": "table", "query": "select 1 as depth", "key": "a", "path": "/in"},
        "key, path",
    ),
    "neither query nor table": ({"source": "table"}, "a query, or a table and its time_column"),
    "query and table": ({"source": "table", "query": "select 1", "table": "a", "time_column": "b"}, "one of the two"),
    "a table without time": ({"source": "table", "table": "a"}, "one of the two"),
    "a query and where": ({"source": "table", "query": "select 1", "where": "a"}, "write it into the query"),
    "a table that is none": ({"source": "table", "table": "a; drop", "time_column": "b"}, "table"),
    "a relative path": ({"source": "directory", "path": "in"}, "write an absolute path"),
    "a field that is none": ({"source": "redis", "key": "a", "age_field": "$.[x"}, "is not a path"),
    "no source of ours": ({"source": "kafka"}, "source"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_what_does_not_belong_together_is_said(name: str) -> None:
    settings, said = MISFITS[name]
    with pytest.raises(ValidationError, match=said):
        Settings.model_validate(settings)


@pytest.mark.django_db
def test_it_is_said_where_it_stands_though_a_secret_is_still_to_be_filled_in() -> None:
    text = (
        "system: shop\ncomponents:\n  jobs: {kind: queue, url: 'redis://127.0.0.1'}\nchecks:\n  backlog:\n"
        "    probe: {kind: queue, on: jobs, source: redis, queue: orders, password: '${REDIS_PASSWORD}'}\n"
    )
    with pytest.raises(Invalid, match=r"checks\.backlog\.probe\.source: queue does not belong to the source redis"):
        examine({"system.yaml": text.encode()})


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as admin:
        with psycopg.connect(admin, autocommit=True) as db:
            db.execute("create schema shop")
            db.execute("create table shop.job (id int, done bool, made timestamptz, naive timestamp)")
            db.execute(
                "insert into shop.job select n, n <= 5, now() - n * interval '1 minute', null "
                "from generate_series(1, 8) n"
            )
        yield admin


@pytest.mark.parametrize(
    ("settings", "depth", "age"),
    [
        ({"table": "shop.job", "time_column": "made"}, 8, 480),
        ({"table": "shop.job", "time_column": "made", "where": "not done -- still open"}, 3, 480),
        ({"table": "shop.job", "time_column": "made", "where": "id > 100"}, 0, 0),
        ({"query": "select count(*) as depth, min(made) as oldest from shop.job where id < :below",
          "params": {"below": 3}}, 2, 120),
        ({"query": "select 7 as depth"}, 7, None),
        ({"query": "select 7 as depth, null as oldest"}, 7, None),
        ({"query": "select 0 as depth, now() + interval '1 hour' as oldest"}, 0, 0),
    ],
)  # fmt: skip
def test_a_table_of_postgresql(server: str, settings: dict[str, Any], depth: int, age: int | None) -> None:
    reading = look(source="table", dsn=server, **settings)
    assert reading.problem is None, reading.problem
    assert reading.values["depth"] == depth
    assert reading.values.get("age") == (None if age is None else pytest.approx(age, abs=30))


@pytest.mark.parametrize(
    ("query", "expected", "said"),
    [
        ("select 1 as many", Fault.SETUP, "a number called depth"),
        ("select 1 as depth where false", Fault.SETUP, "one row"),
        ("select 'many' as depth", Fault.SETUP, "a number called depth"),
        ("select 1 as depth, 'yesterday' as oldest", Fault.SETUP, "no time but 'yesterday'"),
        ("delete from shop.job", Fault.QUERY, ""),
        ("select count(*) as depth from shop.nothing", Fault.QUERY, "shop.nothing"),
    ],
)
def test_a_query_that_does_not_answer(server: str, query: str, expected: Fault, said: str) -> None:
    reading = look(source="table", dsn=server, query=query)
    assert (fault(reading), reading.blind) == (expected, True), reading.problem
    assert said in words(reading)


def test_where_cannot_hold_a_second_statement(server: str) -> None:
    reading = look(source="table", dsn=server, table="shop.job", time_column="made", where="true; drop table shop.job")
    assert fault(reading) is Fault.QUERY


def test_a_table_of_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("create table job (made text)")
        for minutes in (3, 9):
            db.execute("insert into job values (?)", [(datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()])
    db.close()
    reading = look(source="table", dsn=f"sqlite://{path}", table="job", time_column="made")
    assert (reading.problem, reading.values) == (None, {"depth": 2, "age": pytest.approx(540, abs=30)})
    bare = look(source="table", table="job", time_column="made")
    assert fault(bare) is Fault.SETUP


def waiting(folder: Path, name: str, seconds: float) -> None:
    (folder / name).write_text("x")
    os.utime(folder / name, (time.time() - seconds,) * 2)


def test_a_directory(tmp_path: Path) -> None:
    assert look(source="directory", path=str(tmp_path)).values == {"depth": 0, "age": 0}
    for name, age in (("a.xml", 60), ("b.xml", 600), ("c.txt", 6000), (".part.xml", 9000), ("later.xml", -60)):
        waiting(tmp_path, name, age)
    (tmp_path / "folder.xml").mkdir()
    every, xml = (look(source="directory", path=str(tmp_path), **one) for one in ({}, {"pattern": "*.xml"}))
    assert every.values == {"depth": 4, "age": pytest.approx(6000, abs=30)}
    assert xml.values == {"depth": 3, "age": pytest.approx(600, abs=30)}
    hidden = look(source="directory", path=str(tmp_path), pattern=".part*")
    assert hidden.values == {"depth": 1, "age": pytest.approx(9000, abs=30)}


def test_no_link_leads_out_of_a_directory(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    waiting(outside, "old.xml", 9_000_000)
    (inside / "link.xml").symlink_to(outside / "old.xml")
    (inside / "folder").symlink_to(outside)
    (inside / "nowhere.xml").symlink_to(outside / "gone")
    assert look(source="directory", path=str(inside)).values == {"depth": 0, "age": 0}


def test_a_directory_with_too_much_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_directory, "MOST", 5)
    for number in range(5):
        waiting(tmp_path, f"{number}.xml", 60)
    assert look(source="directory", path=str(tmp_path)).problem is None
    waiting(tmp_path, "more.xml", 60)
    reading = look(source="directory", path=str(tmp_path))
    assert (fault(reading), reading.values["depth"]) == (Fault.TOO_LARGE, 5)
    assert "more than 5 entries" in words(reading)


def test_a_directory_that_cannot_be_looked_through(tmp_path: Path) -> None:
    absent = look(source="directory", path=str(tmp_path / "gone"))
    assert (fault(absent), absent.blind) == (Fault.MISSING, False)
    waiting(tmp_path, "a.xml", 60)
    assert fault(look(source="directory", path=str(tmp_path / "a.xml"))) is Fault.MISSING
    late = look(timeout=1e-9, source="directory", path=str(tmp_path))
    assert (fault(late), late.blind) == (Fault.TIMEOUT, True)
