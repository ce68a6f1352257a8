"""What is kept of a look besides its numbers: rows and pictures without masked columns, and a plugin's ranges."""

import asyncio
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client

from mainstay.catalogue import queries
from mainstay.domain.actor import ENGINE, Role
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Reading
from mainstay.domain.state_machine import Memory, judge
from mainstay.drivers.probes import Reach
from mainstay.drivers.probes.plugin import Probe, Settings
from mainstay.line import Outcome, absorb
from mainstay.monitoring.models import Observation, StateChange
from mainstay.people.actions import add_person
from tests.line.looking import apply, look

pytestmark = pytest.mark.django_db
SYSTEM = """
system: shop
title: Shop
owner: it
components:
  books: {{kind: sqlite, dsn: "sqlite://{books}"}}
checks:
{checks}
"""
FLOW = """
  sales:
    probe:
      kind: flow
      on: books
      query: "select number as 'case', state, entered_at, total as amount, clerk as actor from orders"
      history: >
        select number as 'case', 'paid' as state, 1 as at from orders union all select number, 'open', 2 from orders
      states: [{name: open, longest: 1m}, {name: paid, longest: 1m}, {name: closed, final: true}]
      window: 100000d
    mask: [Case, amount, ACTOR]
    crit: "stuck > 0"
    failures: 1
"""
RULE = """
  orphans:
    probe: {kind: integrity, on: books, query: "select number, clerk from orders"}
    mask: [clerk]
    failures: 1
"""
PLUGIN = """
  disk: {probe: {kind: plugin, command: [check_disk]}, failures: 1}
"""


@pytest.fixture
def books(tmp_path: Path) -> Path:
    path = tmp_path / "books.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("create table orders (number text, state text, entered_at text, total real, clerk text)")
        rows = [(f"SO-{state}", state, "2020-01-01T00:00:00Z", 4321.5, "ann-the-clerk") for state in ("open", "paid")]
        db.executemany("insert into orders values (?, ?, ?, ?, ?)", rows)
    db.close()
    return path


def keep(name: str, reading: Reading) -> None:
    """Hand one look over to the line."""
    (spec,) = (one for one in queries.specs() if one.path == f"shop/{name}")
    now = datetime.now(UTC)
    absorb([Outcome(spec, now.timestamp(), reading, judge(Memory(), reading, spec.rule, now.timestamp()))], now)


def test_masked_columns_are_not_in_the_evidence(books: Path) -> None:
    apply(SYSTEM.format(books=books, checks=RULE))
    keep("orphans", look()["orphans"][1])
    rows = StateChange.objects.get().evidence["rows"]
    assert rows == [{"number": f"SO-{state}", "clerk": "•••"} for state in ("open", "paid")]


def test_masked_columns_are_not_in_a_flow(books: Path) -> None:
    apply(SYSTEM.format(books=books, checks=FLOW))
    keep("sales", look()["sales"][1])
    evidence, payload = StateChange.objects.get().evidence, Observation.objects.get().payload
    assert payload["stuck"]
    assert payload["oldest"]
    assert payload["detours"]
    for row in [*evidence["rows"], *payload["stuck"], *payload["oldest"], *payload["detours"]]:
        assert {row[column] for column in ("case", "amount", "actor") if column in row} == {"•••"}
    for hidden in ("ann-the-clerk", "SO-", "4321.5"):
        assert hidden not in json.dumps([evidence, payload["stuck"], payload["oldest"], payload["detours"]])
    reader = signed_in()
    for address in ("/systems/shop/checks/sales/", "/data/?view=cases"):
        page = reader.get(address)
        assert page.status_code == 200
        assert "•••" in page.content.decode()


def test_a_plugins_ranges_are_drawn_where_it_has_no_other_conditions(books: Path, tmp_path: Path) -> None:
    program = tmp_path / "check_disk"
    program.write_text("#!/bin/sh\necho 'OK|used=64%;@70:80;~:90;0;100 free=5MB;4:;2:'\n")
    program.chmod(0o755)
    reach = Reach(5.0, NetworkPolicy(()), {}, lambda _key, make: make(), (str(tmp_path),))
    reading = asyncio.run(Probe(Settings(command=["check_disk"]), reach).read())
    apply(SYSTEM.format(books=books, checks=PLUGIN))
    keep("disk", reading)
    reader = signed_in()
    address = "/systems/shop/checks/disk/"

    text = reader.get(address).content.decode()
    for said in ("used from 70 % to 80 %", "used above 90 %", "free below 4 MiB", "free below 2 MiB"):
        assert said in text
    drawn = reader.get(address, {"metric": "used"}).context["chart"].limits
    assert {(one.state, one.text) for one in drawn} == {
        ("critical", "critical above 90 %"), ("warning", "warning at least 70 %"), ("warning", "warning at most 80 %"),
    }  # fmt: skip

    apply(SYSTEM.format(books=books, checks=PLUGIN.replace("failures: 1", 'failures: 1, warn: "used > 50%"')))
    text = reader.get(address).content.decode()
    assert "used above 50 %" in text
    assert "used above 90 %" not in text


def signed_in() -> Client:
    add_person(username="ann", password="correct-horse-battery", role=Role.VIEWER, actor=ENGINE)
    reader = Client()
    reader.post("/sign-in/", {"username": "ann", "password": "correct-horse-battery"})
    return reader
