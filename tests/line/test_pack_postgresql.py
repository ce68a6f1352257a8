"""The pack for PostgreSQL, on a real server: silent when it is well, and each fault found by its own check."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from mainstay.catalogue import queries
from mainstay.drivers.probes import Reach
from mainstay.drivers.probes.postgresql import Probe, Settings
from tests.line.looking import LOOPBACK, apply, complaints, look
from tests.line.site import until
from tests.servers import postgresql, postgresql_standby

CATALOGUE = """\
system: shop
components:
  db: {{kind: postgresql, dsn: "${{DSN}}", packs: [{{postgresql: {{{0}}}}}]}}
"""

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of its own, for connections are counted."""
    with postgresql() as address:
        yield address


@pytest.fixture
def postgresql_dsn(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DSN", server)
    return server


def care(values: str = "") -> None:
    apply(CATALOGUE.format(values))


@contextmanager
def held_row(dsn: str) -> Iterator[None]:
    """One transaction keeps a row, another waits for it."""
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("drop table if exists held")
        admin.execute("create table held as select 1 as id")
    with psycopg.connect(dsn) as holder, psycopg.connect(dsn) as waiter:
        holder.execute("update held set id = 2")
        thread = threading.Thread(target=lambda: waiter.execute("update held set id = 3"))
        thread.start()
        with psycopg.connect(dsn, autocommit=True) as admin:
            while admin.execute("select count(*) from pg_locks where not granted").fetchone() != (1,):
                time.sleep(0.02)
        try:
            yield
        finally:
            holder.rollback()
            thread.join()
            waiter.rollback()
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("drop table held")


def test_a_healthy_server_gives_no_complaint(postgresql_dsn: str) -> None:
    care()
    found = look(pause=0.2)
    assert {name: reading for name, (state, reading) in found.items() if state != "ok"} == {}
    assert len(found) == 8
    for name, (_, reading) in found.items():
        metrics = {text.split()[0] for text in queries.check(f"shop/{name}").document["warn"]}
        assert metrics & reading.values.keys() or name in ("db.cache", "db.replication"), name


def test_a_server_that_is_down_is_explained_by_one_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSN", "postgresql://nobody@127.0.0.1:1/none")
    care()
    assert "db.up" in complaints()
    others = queries.checks("shop").exclude(name="db.up")
    assert all(check.document["explained_by"] == ["db.up"] for check in others)


def test_a_wait_for_a_lock_is_found_with_its_holder(postgresql_dsn: str) -> None:
    care("wait_warn: 0s")
    with held_row(postgresql_dsn):
        found = look()
    assert {name for name, (state, _) in found.items() if state != "ok"} == {"db.locks"}
    assert "update held set id = 2" in str(found["db.locks"][1].rows)


def test_a_transaction_that_stays_open_is_found(postgresql_dsn: str) -> None:
    care("transaction_warn: 100ms")
    with psycopg.connect(postgresql_dsn) as idle:
        idle.execute("select 1")
        time.sleep(0.2)
        assert complaints() == {"db.transactions"}


def test_connections_that_run_out_are_found(postgresql_dsn: str) -> None:
    care("connections_warn: 14%")
    kept = [psycopg.connect(postgresql_dsn) for _ in range(6)]
    try:
        assert complaints() == {"db.connections"}
    finally:
        for one in kept:
            one.close()


def test_dead_rows_are_found(postgresql_dsn: str) -> None:
    care("dead_rows_warn: 5%")
    with psycopg.connect(postgresql_dsn, autocommit=True) as admin:
        admin.execute("drop table if exists waste")
        admin.execute("create table waste (id int) with (autovacuum_enabled = off)")
        admin.execute("insert into waste select generate_series(1, 20000)")
        admin.execute("delete from waste")
        admin.execute("select pg_stat_force_next_flush()")
        try:
            assert complaints() == {"db.upkeep"}
        finally:
            admin.execute("drop table waste")


@pytest.mark.parametrize(
    ("values", "check"),
    [
        ("connect_warn: 0s", "db.up"),
        ("wraparound_warn: -1%", "db.upkeep"),
        ("wraparound_crit: -1%", "db.upkeep"),
        ("connections_crit: 0%", "db.connections"),
    ],
)
def test_thresholds_are_overridden_by_name(postgresql_dsn: str, values: str, check: str) -> None:
    care(values)
    assert complaints() == {check}


def test_a_replica_that_falls_behind_is_found(postgresql_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(text: str) -> None:
        with psycopg.connect(postgresql_dsn, autocommit=True) as admin:
            admin.execute(text.encode())

    def replayed() -> bool:
        with psycopg.connect(standby) as db:
            return db.execute("select count(*) from pg_tables where tablename = 'copied'").fetchone() == (1,)

    care("lag_warn: 100ms")
    with postgresql_standby(postgresql_dsn) as standby:
        write("create table copied (id int)")
        until(replayed)
        found = look()
        assert found["db.replication"][1].values["replication_bytes"] >= 0, "as the primary sees it"
        assert (found["db.standbys"][0], found["db.standbys"][1].values["standbys"]) == ("ok", 1)
        assert "synchronous" not in found["db.standbys"][1].values, "none is asked for"
        monkeypatch.setenv("DSN", standby)
        found = look()["db.replication"]
        assert (found[0], found[1].values["replication_lag"]) == ("ok", 0), "nobody writes, and it lacks nothing"
        with psycopg.connect(standby, autocommit=True) as db:
            db.execute("select pg_wal_replay_pause()")
            write("insert into copied values (1)")
            time.sleep(0.2)
            assert complaints() == {"db.replication"}
            db.execute("select pg_wal_replay_resume()")
    write("drop table copied")


def test_the_share_of_reads_from_memory(postgresql_dsn: str) -> None:
    """Of those between two looks, where there are enough of them."""
    probe = Probe(Settings(dsn=postgresql_dsn), Reach(5.0, LOOPBACK, {}, lambda _key, make: make()))
    assert "cache_hit" not in probe.read().values
    with psycopg.connect(postgresql_dsn, autocommit=True) as admin:
        admin.execute("create table warm as select generate_series(1, 20000) as id")
        for _ in range(30):
            admin.execute("select count(*) from warm")
        admin.execute("select pg_stat_force_next_flush()")
        admin.execute("drop table warm")
    assert 50 < probe.read().values["cache_hit"] <= 100


def test_a_standby_that_is_gone_or_out_of_sync_is_found(postgresql_dsn: str) -> None:
    care("standbys: 1")
    assert complaints() == {"db.standbys"}
    care()
    with psycopg.connect(postgresql_dsn, autocommit=True) as admin:
        admin.execute("alter system set synchronous_standby_names = '*'")
        admin.execute("select pg_reload_conf()")
        try:
            until(lambda: complaints() == {"db.standbys"})
            with postgresql_standby(postgresql_dsn):
                until(lambda: look()["db.standbys"][1].values.get("synchronous") == 1)
                assert complaints() == set()
        finally:
            admin.execute("alter system reset synchronous_standby_names")
            admin.execute("select pg_reload_conf()")
