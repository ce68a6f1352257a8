"""The runbooks that come with packs: all of them are right, and they do what they say on a real server."""

import threading
import time

import psycopg
import pytest

from mainstay.catalogue.actions import apply
from mainstay.catalogue.examine import examine
from mainstay.domain.actor import ENGINE
from mainstay.engine.runbooks import driving
from mainstay.notices.models import Notice
from mainstay.runbooks import actions, queries
from tests.line.driven import BOB, OLA, drive, states, step, written
from tests.line.looking import LOOPBACK
from tests.servers import postgresql

pytestmark = pytest.mark.django_db
SHIPPED = [
    "clear-cache", "end-blocking-session", "free-disk", "remove-old-files", "restart-application", "restart-by-command",
    "restart-service", "switch-over",
]  # fmt: skip


def test_they_are_shipped_and_one_of_ones_own_comes_before_them() -> None:
    written("runbook: free-disk\nsteps: {a: {kind: wait, for: 1s}}\n")
    assert sorted(actions.keep_shipped()) == [name for name in SHIPPED if name != "free-disk"]
    assert actions.keep_shipped() == []
    assert [row.name for row in queries.runbooks()] == SHIPPED
    assert queries.runbook("free-disk").source == "page"


@pytest.mark.postgresql
def test_a_session_that_blocks_others_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "NETWORK", LOOPBACK)
    actions.keep_shipped()
    with postgresql() as address:
        monkeypatch.setenv("BLOCKED_DSN", address)
        text = 'system: shop\ncomponents: {db: {kind: postgresql, dsn: "${BLOCKED_DSN}"}}\n'
        apply(examine({"shop.yaml": text.encode()}).catalogue, actor=ENGINE)
        with psycopg.connect(address) as holds, psycopg.connect(address, autocommit=True) as looks:
            looks.execute("create table t (n int)")
            looks.execute("insert into t values (1)")
            holds.execute("update t set n = 2")
            waits = threading.Thread(target=waiting, args=(address,))
            waits.start()
            while not looks.execute(
                "select 1 from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0"
            ).fetchone():
                time.sleep(0.02)
            row = drive(actions.run("end-blocking-session", {}, target="shop/db", actor=OLA))
            assert states(row) == {"find": "done", "end": "asking"}
            asked = step(row, "end").asked
            assert asked["shown"]["rows"][0][0] == holds.info.backend_pid
            assert Notice.objects.filter(word="runbook").count() == 1
            actions.approve(row.pk, "end", seal=asked["seal"], actor=BOB)
            row = drive(row)
            assert (row.state, states(row)["end"]) in (("done", "done"), ("running", "done"))
            waits.join(20)
            assert looks.execute("select n from t").fetchone() == (3,)
            with pytest.raises(psycopg.OperationalError):
                holds.execute("select 1")
            holds.close()


def waiting(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as one:
        one.execute("update t set n = 3")
