"""Restores for real of files, and of a PostgreSQL: a new database, a single table, the live one by two people."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from mainstay.backups import actions, queries
from mainstay.backups.models import Copy, Job, Restore
from mainstay.catalogue.actions import apply, make_secret
from mainstay.catalogue.examine import examine
from mainstay.domain.restoring import Refused, wish_of
from mainstay.drivers import tree
from mainstay.drivers.landings import paths
from mainstay.engine import restoring
from mainstay.engine.copy_contents import contents
from mainstay.engine.jobs import landing, places
from mainstay.engine.restore_preview import preview
from tests import servers
from tests.drivers.archived import archived
from tests.line.copied_shop import ANN, PASSWORD, ROOT, all_done, done, empty_repositories, work_in
from tests.line.test_backup_physical import SYSTEM as PHYSICAL
from tests.line.test_backup_postgresql import BOOKS
from tests.line.test_backup_postgresql import SYSTEM as BOOKS_SYSTEM
from tests.line.test_restores import BOB, EVE, WHY, approved, finished

pytestmark = [pytest.mark.django_db]
FILES = """
system: shop
components: {{host: {{kind: host, address: local}}}}
backups:
  nightly: {{of: host, tool: files, paths: [{papers}, {pictures}], exclude: ["*.tmp"], stores: [vault]}}
"""


def under_care(folder: Path, monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """A system with its policy and a store, and its newest copy."""
    work_in(folder, monkeypatch)
    for module in (landing, restoring):
        monkeypatch.setattr(module, "ROOTS", (str(folder / "restored"),))
    vault = folder / "vault"
    shutil.copytree(empty_repositories() / "vault", vault / "shop" / "nightly")
    make_secret("BACKUP_KEY_SHOP__NIGHTLY", PASSWORD)
    shared = f"stores: {{vault: {{kind: directory, path: {vault}}}}}"
    apply(examine({"shop.yaml": system.encode(), "shared.yaml": shared.encode()}).catalogue, actor=ROOT)
    actions.ask("shop/nightly", actor=ANN)
    job = actions.lease("first", datetime.now(UTC))
    assert job is not None
    Job.objects.update(state="waiting", worker="", leased_until=None)
    assert done(job).state == "done"
    Job.objects.filter(state="waiting").delete()


def asked(to: str, target: str = "", **more: Any) -> Restore:
    return restoring.ask("shop/nightly", None, to, target, actor=BOB, **more)


@pytest.fixture
def papers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    servers.program("restic")
    papers, pictures = tmp_path / "srv" / "papers", tmp_path / "srv" / "pictures"
    for place in (papers / "2026", pictures):
        place.mkdir(parents=True)
    (papers / "2026" / "bill.txt").write_text("ten crowns")
    (papers / "合同.txt").write_text("甲方")
    (pictures / "door.png").write_bytes(bytes(range(256)))
    under_care(tmp_path, monkeypatch, FILES.format(papers=papers, pictures=pictures))
    yield papers
    assert not places.numbers()


def test_single_files_and_folders(papers: Path, tmp_path: Path) -> None:
    """``papers`` is the folder; what the copy does not hold is said."""
    seen = contents(Copy.objects.get(), str(papers), actor=BOB)
    assert [(one.path, one.kind) for one in seen.entries] == [
        (str(papers / "2026"), "dir"), (str(papers / "合同.txt"), "file"),
    ]  # fmt: skip
    assert (seen.above, contents(Copy.objects.get(), "/", actor=BOB).entries[0].kind) == (str(papers.parent), "dir")
    locks = list((tmp_path / "vault" / "shop" / "nightly" / "locks").iterdir())
    assert locks == []
    target = tmp_path / "restored" / "bill"
    row = finished(asked("directory", str(target), only=[str(papers / "2026" / "bill.txt")]))
    found = [path for path in target.rglob("*") if path.is_file()]
    assert (row.state, [path.read_text() for path in found]) == ("done", ["ten crowns"])
    whole = finished(asked("directory", str(tmp_path / "restored" / "all")))
    assert (whole.state, whole.outcome["compared"]) == ("done", ["files"])
    with pytest.raises(Refused, match="what lies below"):
        asked("directory", str(tmp_path / "restored" / "none"), only=["/etc"])
    missing = finished(asked("directory", str(tmp_path / "restored" / "none"), only=[str(papers / "nothing")]))
    assert (missing.state, missing.place, missing.story[-1]["code"]) == ("failed", "untouched", "incomplete")
    assert {path.name for path in (tmp_path / "restored").iterdir()} == {"bill", "all"}


def test_live_files_change_places(papers: Path, tmp_path: Path) -> None:
    (papers / "2026" / "bill.txt").write_text("ten thousand crowns")
    (papers / "new.txt").write_text("since then")
    (papers / "2026" / "till.tmp").write_text("no copy holds it")
    (papers / "2027").mkdir()
    (papers / "2027" / "till.tmp").write_text("nor this")
    (tmp_path / "srv" / "pictures" / "door.png").unlink()
    found = preview(Copy.objects.get(), actor=BOB)
    assert (found.files[0].name, found.files[0].copy, found.files[0].live) == ("count", "3", "3")
    row = finished(approved(asked("live", reason=WHY)))
    assert (row.state, row.place, row.outcome["compared"]) == ("done", "restored", ["files"])
    assert (papers / "2026" / "bill.txt").read_text() == "ten crowns"
    assert sorted(path.name for path in papers.iterdir()) == ["2026", "2027", "合同.txt"]
    left_out = [(papers / year / "till.tmp").read_text() for year in ("2026", "2027")]
    assert left_out == ["no copy holds it", "nor this"], "what the policy leaves out stays as it was"
    assert (tmp_path / "srv" / "pictures" / "door.png").exists()
    assert sorted(path.name for path in (tmp_path / "srv").iterdir()) == ["papers", "pictures"]
    assert row.safety is not None
    safety = Copy.objects.get(pk=row.safety.report["copy"])
    back = restoring.ask("shop/nightly", safety.pk, "live", only=[str(papers / "new.txt")], reason="that", actor=EVE)
    assert finished(approved(back, BOB)).state == "done"
    assert (papers / "new.txt").read_text() == "since then"
    assert (papers / "2026" / "bill.txt").read_text() == "ten crowns"


def test_one_of_two_paths_cannot_be_exchanged(papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then neither is."""
    before = tree.fingerprint({str(path): tree.entry(path) for path in tree.walk([papers.parent])})
    row, exchange, calls = approved(asked("live", reason=WHY)), paths._exchange, []

    def second_fails(new: Path, path: Path) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise OSError(16, "busy")
        exchange(new, path)

    monkeypatch.setattr(paths, "_exchange", second_fails)
    row = finished(row)
    assert (row.state, row.place, len(calls)) == ("failed", "untouched", 3)
    assert before == tree.fingerprint({str(path): tree.entry(path) for path in tree.walk([papers.parent])})


@pytest.mark.postgresql
def test_a_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    servers.program("restic")
    with servers.postgresql() as admin:
        make_secret("RESTORE_PASSWORD", urlsplit(admin).password or "")
        there = urlsplit(admin)
        place = f"postgresql://{there.username}:${{RESTORE_PASSWORD}}@{there.hostname}:{there.port}"
        with psycopg.connect(admin, autocommit=True) as db:
            db.execute("create role clerk login password 'x'")
            db.execute("create database shop")
            db.execute("alter database shop set work_mem = '5MB'")
            db.execute("revoke connect on database shop from public")
            db.execute("grant connect on database shop to clerk")
            db.execute("create database hollow")
        dsn = there._replace(path="/shop").geturl()
        with psycopg.connect(dsn) as db:
            db.execute(BOOKS)
            db.execute("grant select on ledger to clerk")
        make_secret("SHOP_DSN", dsn)
        make_secret("SHOP_DUMP_DSN", dsn)
        under_care(tmp_path, monkeypatch, BOOKS_SYSTEM.format(dsn="${SHOP_DSN}"))
        with psycopg.connect(dsn) as db:
            db.execute("delete from ledger where id > 10")

        found = preview(Copy.objects.get(), actor=BOB)
        assert [(one.name, one.more) for one in found.changed] == [("public.ledger", "-390")]
        assert "public.ledger" in found.tables

        new = finished(asked("database", f"{place}/shop_again"))
        assert (new.state, new.place) == ("done", "restored"), new.story
        assert new.outcome["compared"] == ["schema", "rows", "totals", "sums"]
        assert count(there._replace(path="/shop_again").geturl(), "ledger") == 400
        one = finished(asked("database", f"{place}/hollow", only=["public.ledger"]))
        assert (one.state, one.outcome["compared"]) == ("done", ["rows", "sums"])
        with psycopg.connect(there._replace(path="/hollow").geturl()) as db:
            assert db.execute("select array_agg(tablename) from pg_tables where schemaname = 'public'").fetchone() == (
                ["ledger"],
            )
        for target, more, refusal in (
            (f"{place}/shop_again", {}, "is not empty"),
            (f"{place}/x", {"only": ["public.nothing"]}, "holds no table"),
            (f"postgresql://clerk:${{RESTORE_CLERK}}@{there.hostname}:{there.port}/x", {}, "needs CREATEDB"),
            (f"{place.replace('PASSWORD', 'NOWHERE')}/x", {}, "RESTORE_NOWHERE} has no value"),
        ):
            make_secret("RESTORE_CLERK", "x")
            with pytest.raises(Refused, match=refusal):
                asked("database", target, **more)

        with psycopg.connect(dsn) as application:
            application.execute("select 1")
            row = finished(approved(asked("live", reason=WHY)))
            with pytest.raises(psycopg.OperationalError):
                application.execute("select 1")
        assert (row.state, row.place, count(dsn, "ledger")) == ("done", "restored", 400)
        before = row.outcome["before"]
        assert (before, count(there._replace(path=f"/{before}").geturl(), "ledger")) == (f"shop_before_{row.pk}", 10)
        with psycopg.connect(admin) as db:
            entered = db.execute(
                "select array_agg(pg_get_userbyid(grantee)::text) from pg_database, aclexplode(datacl)"
                " where datname = 'shop' and privilege_type = 'CONNECT' and grantee <> datdba"
            ).fetchone()
            assert entered == (["clerk"],)
            names = {row[0] for row in db.execute("select datname from pg_database")}
            assert names >= {"shop", "shop_again", "hollow", before}
            assert not [name for name in names if "_restore_" in name]
        with psycopg.connect(admin, autocommit=True) as db:  # a run died with the door shut
            db.execute("alter database shop allow_connections false")
        copy = Copy.objects.earliest("pk")
        assert landing.landing(copy, wish_of(row.wanted), 99, copy.point).stands({"oid": 1}) == "untouched"
        with psycopg.connect(dsn) as db:
            assert db.execute("show work_mem").fetchone() == ("5MB",)
            assert db.execute("select has_table_privilege('clerk', 'ledger', 'select')").fetchone() == (True,)


def count(dsn: str, table: str) -> int:
    with psycopg.connect(dsn) as db:
        row = db.execute(f"select count(*) from {table}".encode()).fetchone()
        return int(row[0]) if row else 0


@pytest.mark.postgresql
def test_a_second_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two transactions; in the future, before the first copy, and with a segment of the log gone."""
    work_in(tmp_path, monkeypatch)
    with archived() as archive:
        monkeypatch.setattr(places, "archiving", lambda _name: archive.home / "own")
        (archive.home / "vault").mkdir(mode=0o777)
        (archive.home / "vault").chmod(0o777)
        make_secret("SHOP_DSN", archive.dsn)
        there = urlsplit(archive.dsn)
        make_secret("RESTORE_PASSWORD", there.password or "")
        system = PHYSICAL.replace("[vault, away]", "[vault]").replace("after_each: true", "after_each: false")
        shared = f"stores: {{vault: {{kind: directory, path: {archive.home / 'vault'}}}}}"
        apply(examine({"shop.yaml": system.encode(), "shared.yaml": shared.encode()}).catalogue, actor=ROOT)
        actions.ask("shop/books", actor=ANN)
        assert [(job.act, job.state, job.problem) for job in all_done()] == [("backup", "done", {})]
        archive.sql("insert into line (amount, note) values (7.77, 'right')")
        moment = now_there(archive.dsn)
        archive.sql("delete from line")
        target = f"postgresql://{there.username}:${{RESTORE_PASSWORD}}@{there.hostname}:{there.port}/as_it_was"

        def at(when: datetime) -> Restore:
            return restoring.ask("shop/books", None, "database", target, moment=when, actor=BOB)

        with pytest.raises(Refused, match="in the future"):
            at(datetime.now(UTC) + timedelta(hours=1))
        with pytest.raises(Refused, match="before the first moment"):
            at(datetime.now(UTC) - timedelta(days=1))
        row = finished(at(moment))
        assert (row.state, row.place) == ("done", "restored"), row.story
        assert row.outcome["compared"] == ["schema", "rows", "sums"]
        assert count(there._replace(path="/as_it_was").geturl(), "line") == 2001

        archive.sql("select pg_switch_wal()")
        files = (path for path in (archive.home / "vault").rglob("*") if path.is_file())
        segments = sorted(path for path in files if len(path.name) > 60)
        segments[-2].unlink()
        target = target.replace("as_it_was", "lost")
        lost = finished(at(moment))
        assert (lost.state, lost.place) == ("failed", "untouched"), lost.story
        assert lost.story[-1]["code"] in ("missing", "refused")
        assert queries.restore(lost.pk).job is not None
    assert not places.numbers()


def now_there(dsn: str) -> datetime:
    with psycopg.connect(dsn) as db:
        row = db.execute("select clock_timestamp()").fetchone()
        assert row is not None
        moment: datetime = row[0]
        return moment
