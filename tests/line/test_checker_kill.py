"""The checker is killed in the middle of a batch, at each table that the batch writes: all of it or nothing is there,
and the next checker brings what was lost, once."""

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from tests.line.receiver import Receiver, receiving
from tests.line.site import Site, Targets, copies, targets, until
from tests.servers import postgresql

__all__ = ["targets"]
STAGES = ("monitoring_samplebatch", "monitoring_statechange", "incidents_incident", "notices_delivery")
"""In the order in which a batch with a change writes them."""
BROKEN = 2

Hold = Callable[[Site, str], Iterator[Callable[[], bool]]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def by_lock(site: Site, table: str) -> Iterator[Callable[[], bool]]:
    """PostgreSQL: nobody can write the table; whoever tries waits in the middle of his transaction."""
    waiting = "select 1 from pg_locks where not granted and relation = %s::regclass"
    with psycopg.connect(site.database) as holder, psycopg.connect(site.database, autocommit=True) as other:
        holder.execute(f"lock table {table} in share mode".encode())
        yield lambda: other.execute(waiting, (table,)).fetchone() is not None


def by_trigger(site: Site, table: str) -> Iterator[Callable[[], bool]]:
    """SQLite: an insert into the table takes for ever, and meanwhile nobody else may write."""
    db = sqlite3.connect(site.folder / "data/mainstay.sqlite3", timeout=0.5, isolation_level=None)
    db.execute(
        "create view endless as with recursive n(i) as (values (1) union all select i + 1 from n) select i from n"
    )
    db.execute(f"create trigger hold after insert on {table} begin select max(i) from endless; end")

    def held() -> bool:
        """Nobody writes for long without a break but who is held."""
        for _ in range(4):
            try:
                db.execute("begin immediate")
            except sqlite3.OperationalError:
                continue
            db.execute("rollback")
            return False
        return True

    yield held
    until(lambda: not held())
    db.execute("drop trigger hold")
    db.execute("drop view endless")
    assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    db.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def keeping(request: pytest.FixtureRequest) -> Iterator[tuple[str, Hold]]:
    """Where Mainstay's own data are, and how a writer is held there."""
    if request.param == "sqlite":
        yield "", by_trigger
    else:
        with postgresql() as address:
            yield address, by_lock


def test_a_batch_is_there_or_not(
    tmp_path, keeping: tuple[str, Hold], targets: Callable[[int], Targets], receiver: Receiver
) -> None:
    watched = targets(len(STAGES) * BROKEN)
    site = Site(tmp_path, keeping[0])
    site.apply(watched.catalogue(), receiver.url)
    count = len(watched.ports)
    with site.process("checker"):
        until(lambda: list(site.states().values()) == ["ok"] * count)
    for stage, table in enumerate(STAGES):
        before = site.changes()
        with site.process("checker") as checker:
            until(lambda: site.count("select count(*) from monitoring_pulse where process = 'checker'"))
            with contextmanager(keeping[1])(site, table) as held:
                for number in range(stage * BROKEN, (stage + 1) * BROKEN):
                    watched.shut(number)
                until(held)
                checker.send_signal(signal.SIGKILL)
                assert checker.wait(30) == -signal.SIGKILL
        assert site.changes() == before, f"killed while writing {table}, and something of it stayed"
        with site.processes("checker"):
            until(lambda stage=stage: list(site.states().values()).count("critical") == (stage + 1) * BROKEN)
        site.assert_whole()
    assert site.count("select count(*) from incidents_incident") == len(watched.ports)
    with site.processes("engine"):
        until(lambda: len(receiver.words("opened")) == count)
    assert not copies(receiver.arrived)
