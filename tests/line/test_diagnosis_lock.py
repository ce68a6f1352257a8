"""A real lock in a real PostgreSQL: the application above it fails; the diagnosis names the database and the SQL."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network

import psycopg
import pytest
from django.utils.translation import override

from mainstay.api.diagnosis_rows import diagnosis_row
from mainstay.catalogue.models import Check, Component
from mainstay.diagnosis import actions, queries
from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.probes import Reach, postgresql
from mainstay.engine import examining
from mainstay.incidents.models import Incident
from tests import servers
from tests.line.shop import T0, change, follow
from tests.line.test_diagnosis import LOCKED, course, samples

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))
MOVING = ("longest_wait", "blocked", "longest_transaction")


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with servers.postgresql() as address:
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute("create table orders (id int primary key, note text)")
            admin.execute("insert into orders values (1, 'x')")
        yield address


@pytest.fixture
def fault(database: str) -> Iterator[None]:
    """A session holds an order and does nothing; the shop waits for it."""
    holder = psycopg.connect(database, application_name="night batch")
    holder.execute("update orders set note = 'mine' where id = 1")

    def wait() -> None:
        with psycopg.connect(database, application_name="shop") as shop:
            shop.execute("update orders set note = 'for alice@shop.example' where id = 1")

    waiter = threading.Thread(target=wait)
    waiter.start()
    try:
        yield
    finally:
        holder.rollback()
        waiter.join(20)
        holder.close()


def looked(dsn: str) -> dict[str, float]:
    """As the checker looks, until the wait is there to be seen."""
    reach = Reach(5.0, LOOPBACK, {"dsn": dsn}, lambda _key, make: make())
    probe = postgresql.Probe(postgresql.Settings(), reach)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        values = probe.read().values
        if values.get("longest_wait", 0.0) > 0.2:
            return dict(values)
        time.sleep(0.1)
    raise AssertionError("nobody waits")


@pytest.mark.usefixtures("fault")
def test_the_likely_root_is_the_locked_database(
    shop: dict[str, Check], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examining, "NETWORK", LOOPBACK)
    Component.objects.filter(name="db").update(settings={"dsn": database})
    Check.objects.filter(pk=shop["db"].pk).update(kind="postgresql")
    Check.objects.filter(pk=shop["app"].pk).update(kind="http")
    seen = looked(database)
    samples(shop["app"], "total", course(0.2, 9.0, T0 - timedelta(seconds=30), seed=3))
    for place, metric in enumerate(MOVING):
        samples(shop["db"], metric, course(0.0, seen[metric], LOCKED, seed=place))
    follow(change(shop["app"], "critical"))
    due = actions.begin_due(T0 + timedelta(seconds=5))
    assert due is not None
    examining.examine(due)

    with override("en"):
        found = queries.diagnosis(Incident.objects.get(), "en", T0 + timedelta(minutes=4))
        row = diagnosis_row(found, "en")
    assert (row["clear"], row["suspects"][0]["component"]) == (True, "shop/db")
    assert {one["component"] for one in row["signals"][: len(MOVING)]} == {"shop/db"}, "its series rank first"
    (kept,) = row["exhibits"]
    held, waits = kept["rows"]["running"]
    assert (held["program"], held["state"]) == ("night batch", "idle in transaction")
    assert waits["statement"] == "update orders set note = '•••' where id = 1"
    assert waits["held_by"] == str(held["pid"])
    assert "alice" not in str(row)
    assert any("pg_stat_statements" in words for words in kept["missing"])
    assert {one["program"] for one in row["users"]["sessions"]} == {"night batch", "shop"}
