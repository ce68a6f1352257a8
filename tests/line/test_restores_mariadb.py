"""Restores for real of a MariaDB: from a dump and from a physical copy with its increments, to a new database, a single
table, a server's directory, and the live place by two people."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymysql
import pytest

from mainstay.backups import actions, queries
from mainstay.backups.models import Copy, Job, Proof
from mainstay.catalogue.actions import make_secret
from mainstay.domain.restoring import Refused
from mainstay.engine import restoring
from mainstay.engine.jobs import places
from mainstay.engine.restore_preview import preview
from tests import servers
from tests.line.copied_shop import ANN, all_done, outcomes, work_in  # noqa: F401 - under_care works in it
from tests.line.test_restores import BOB, EVE, WHY, approved, finished, words
from tests.line.test_restores_elsewhere import asked, under_care

pytestmark = [pytest.mark.django_db, pytest.mark.mariadb]
SYSTEM = """
system: shop
components: {db: {kind: mariadb, dsn: "${SHOP_DSN}"}}
backups:
  nightly: {of: db, TOOL, stores: [vault], prove: {after_each: false, tables: [orders]}}
"""


class Server:
    """With orders in its database ``shop``, and how to name others on it."""

    def __init__(self, dsn: str) -> None:
        there = urlsplit(dsn)
        make_secret("SHOP_DSN", dsn)
        make_secret("RESTORE_PASSWORD", there.password or "")
        self.place = f"mariadb://{there.username}:${{RESTORE_PASSWORD}}@{there.hostname}:{there.port}"
        self._access: dict[str, Any] = {
            "host": there.hostname, "port": there.port, "user": there.username, "password": there.password,
            "autocommit": True, "charset": "utf8mb4",
        }  # fmt: skip
        self.sql("create table orders (id int primary key, note varchar(50)) character set utf8mb4")
        self.sql("insert into orders values (1, '甲'), (2, 'b')")
        self.sql("create view twice as select id * 2 as id from orders")
        self.sql("create trigger noted before insert on orders for each row set new.note = coalesce(new.note, '-')")

    def sql(self, text: str, database: str = "shop") -> Any:
        with pymysql.connect(**self._access, database=database) as db, db.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchall()


@pytest.fixture
def server() -> Iterator[Server]:
    servers.program("restic")
    with servers.mariadb() as dsn:
        yield Server(dsn)
    assert not places.numbers()


def test_from_a_dump(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that a dead run left half full is made anew."""
    under_care(tmp_path, monkeypatch, SYSTEM.replace("TOOL", "tool: mariadb_dump"))
    server.sql("delete from orders where id = 2")
    found = preview(Copy.objects.get(), actor=BOB)
    assert (found.places, found.tables) == (["directory", "database", "live"], ["shop.orders"])
    assert [(one.name, one.more) for one in found.changed] == [("orders", "-1")]
    row = asked("database", f"{server.place}/again")
    server.sql(f"create database again comment 'mainstay restore {row.pk}: not whole yet'")
    server.sql("create table again.half (id int)")
    row = finished(row)
    assert (row.state, row.place) == ("done", "restored"), row.story
    assert row.outcome["compared"] == ["schema", "rows", "sums"]
    assert server.sql("select id, note from orders order by id", "again") == ((1, "甲"), (2, "b"))
    assert {name for (name,) in server.sql("show tables", "again")} == {"orders", "twice"}
    one = finished(asked("database", f"{server.place}/one", only=["shop.orders"]))
    assert (one.state, one.outcome["compared"], server.sql("show tables", "one")) == (
        "done", ["rows", "sums"], (("orders",),)
    )  # fmt: skip
    for to, target, more, refusal in (
        ("database", f"{server.place}/again", {}, "is not empty"),
        ("database", f"{server.place}/x", {"only": ["orders"]}, "holds no table or database orders"),
        ("live", "", {"only": ["shop.orders"]}, "never into the live one"),
    ):
        with pytest.raises(Refused, match=refusal):
            asked(to, target, reason=WHY, **more)

    row = finished(approved(asked("live", reason=WHY)))
    assert (row.state, row.place, row.outcome["compared"]) == ("done", "restored", ["schema", "rows", "sums"]), (
        row.story
    )
    assert words(row) == ["asked", "approved", "safe", "handed-over", "loaded", "compared", "begun", "done"]
    assert (server.sql("select count(*) from orders"), server.sql("select count(*) from twice")) == (((2,),), ((2,),))
    assert row.outcome["before"] == f"shop_before_{row.pk}"
    assert server.sql("select count(*) from orders", row.outcome["before"]) == ((1,),)
    assert row.safety is not None
    safety = Copy.objects.get(pk=row.safety.report["copy"])
    back = restoring.ask("shop/nightly", safety.pk, "live", reason="it was right", actor=EVE)
    assert finished(approved(back, BOB)).state == "done"
    assert server.sql("select count(*) from orders") == ((1,),)
    server.sql("drop database shop", "mysql")
    gone = finished(asked("database", f"{server.place}/shop"))
    assert (gone.state, server.sql("select count(*) from orders")) == ("done", ((2,),))


def test_from_the_files_of_a_server(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An increment, with the full copy that it rests on: proved; a directory, a database, a table, the live place."""
    servers.program("mariadb-backup")
    under_care(tmp_path, monkeypatch, SYSTEM.replace("TOOL", 'tool: mariabackup, incremental: "30 1 * * 1-6"'))
    server.sql("insert into orders values (3, null)")
    actions.ask("shop/nightly", level="incremental", actor=ANN)
    assert [(job.state, job.problem) for job in all_done()] == [("done", {})]
    copy = Copy.objects.latest("pk")
    assert (copy.base, copy.point["depth"], copy.point["exact"]) == (Copy.objects.earliest("pk"), 1, True)
    actions.ask_for_proof("shop/nightly", copy.pk, actor=ANN)
    assert [(job.state, job.problem) for job in all_done()] == [("done", {})]
    proof = Proof.objects.get()
    assert (proof.verdict, outcomes(proof.gates)["fingerprint.rows"]) == ("proved", "passed"), proof.gates
    Copy.objects.filter(pk=copy.pk).update(point={**copy.point, "exact": False})
    actions.ask_for_proof("shop/nightly", copy.pk, actor=ANN)
    all_done()
    assert Proof.objects.latest("pk").verdict == "unproved"
    Copy.objects.filter(pk=copy.pk).update(point=copy.point)
    server.sql("delete from orders where id = 2")

    target = tmp_path / "restored" / "data"
    row = finished(asked("directory", str(target)))
    assert (row.state, (target / "ibdata1").exists(), (target / "shop" / "orders.ibd").exists()) == ("done", True, True)
    assert not list(target.glob("*.delta"))
    for to, place, more in (("database", f"{server.place}/again", {}), ("live", "", {})):
        row = asked(to, place, reason=WHY, **more)
        row = finished(approved(row) if to == "live" else row)
        assert (row.state, row.outcome["compared"]) == ("done", ["schema", "rows", "sums"]), row.story
        assert server.sql("select id, note from orders order by id", "again" if place else "shop") == (
            (1, "甲"), (2, "b"), (3, "-"),
        )  # fmt: skip
    row = finished(restoring.ask("shop/nightly", copy.pk, "database", f"{server.place}/one", only=["shop.orders"],
                                 actor=BOB))  # fmt: skip
    assert (row.state, server.sql("select count(*) from orders", "one")) == ("done", ((3,),))
    for to, place, more, refusal in (
        ("directory", str(tmp_path / "restored" / "x"), {"only": ["shop.orders"]}, "goes into a directory whole"),
        ("database", f"{server.place}/x", {"only": ["shop.nothing"]}, "holds no table"),
    ):
        with pytest.raises(Refused, match=refusal):
            asked(to, place, **more)
    Copy.objects.filter(pk=copy.pk).update(base=None)
    copy = restoring.ask("shop/nightly", copy.pk, "directory", str(tmp_path / "restored" / "x"), actor=BOB)
    lost = finished(copy)
    assert (lost.state, lost.place, lost.story[-1]["code"]) == ("failed", "untouched", "missing")
    assert queries.restore(lost.pk).job is not None
    assert not Job.objects.filter(state="running").exists()
