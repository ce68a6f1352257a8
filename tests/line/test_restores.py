"""Restores for real, with the real restic: to new places, of parts, to the live place by two people, and what is
refused."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mainstay.audit.models import Record
from mainstay.backups import actions, queries
from mainstay.backups.models import Copy, Job, Restore
from mainstay.catalogue.actions import set_secret
from mainstay.domain.actor import Actor, Denied, Role
from mainstay.domain.restoring import Refused
from mainstay.engine import restoring
from mainstay.engine.jobs import landing, places
from mainstay.engine.restore_preview import preview
from mainstay.web.public_status import gather
from tests.line.copied_shop import ROOT, Shop, all_done, done, work_in
from tests.servers import program

pytestmark = pytest.mark.django_db
BOB, EVE = Actor("person:bob", Role.APPROVER), Actor("person:eve", Role.APPROVER)
WHY = "the ledger was emptied by mistake"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """With one copy of forty orders; two more came since."""
    program("restic")
    work_in(tmp_path, monkeypatch)
    monkeypatch.setattr(landing, "ROOTS", (str(tmp_path / "restored"),))
    monkeypatch.setattr(restoring, "ROOTS", (str(tmp_path / "restored"),))
    shop = Shop(tmp_path, prove={"after_each": False})
    shop.run()
    shop.change(
        "insert into orders values (41, 'S00041', 'new', '2026-11-27', '2026-11-27', '99.25')",
        "insert into orders values (42, 'S00042', 'new', '2026-11-27', '2026-11-27', '0.75')",
    )
    return shop


def asked(to: str, target: str = "", actor: Actor = BOB, **more: Any) -> Restore:
    return restoring.ask("shop/nightly", None, to, target, actor=actor, **more)


def approved(row: Restore, actor: Actor = EVE) -> Restore:
    return actions.approve(row.pk, row.seal, datetime.now(UTC), actor=actor)


def finished(row: Restore) -> Restore:
    """Its job done here and now, and what follows said."""
    while (found := queries.restore(row.pk)).state in ("safety", "running"):
        job = found.safety if found.state == "safety" else found.job
        assert job is not None
        if Job.objects.get(pk=job.pk).state == "waiting":
            Job.objects.filter(pk=job.pk).update(not_before=None)
            done(job)
        actions.proceed(datetime.now(UTC))
    return found


def orders(path: Path) -> int:
    with closing(sqlite3.connect(path)) as books:
        return int(books.execute("select count(*) from orders").fetchone()[0])


def words(row: Restore) -> list[str]:
    return [entry["word"] for entry in row.story]


def test_what_would_be_lost_is_said_before(shop: Shop) -> None:
    found = preview(Copy.objects.get(), actor=BOB)
    assert (found.silent, found.places) == ("", ["directory", "database", "live"])
    assert {one.name: one.more for one in found.totals}["orders"] == "2"
    assert {one.name: one.more for one in found.totals}["money"] == "100.0"
    assert [(one.name, one.copy, one.live, one.more) for one in found.changed] == [("orders", "40", "42", "2")]
    shop.books.rename(shop.folder / "gone")
    silent = preview(Copy.objects.get(), actor=BOB)
    assert (silent.totals, silent.rows) == ([], [])
    assert silent.silent


def test_to_a_new_database(shop: Shop) -> None:
    target = shop.folder / "restored" / "deep" / "books.sqlite3"
    row = finished(asked("database", f"sqlite://{target}"))
    assert (row.state, row.place, orders(target), orders(shop.books)) == ("done", "restored", 40, 42)
    assert row.outcome["compared"] == ["schema", "rows", "totals"]
    assert [one.name for one in target.parent.iterdir()] == ["books.sqlite3"]
    assert words(row) == ["asked", "handed-over", "loaded", "compared", "begun", "done"]
    assert {entry["who"] for entry in row.story} == {"person:bob", "engine"}
    told = [one.data for one in Record.objects.filter(act="backup.restore") if "step" in one.data]
    assert [one["step"] for one in told] == words(row)
    assert not places.numbers()
    with pytest.raises(Refused, match="is there already"):
        asked("database", f"sqlite://{target}")


def test_a_single_table(shop: Shop) -> None:
    target = shop.folder / "restored" / "ledger.sqlite3"
    row = finished(asked("database", f"sqlite://{target}", only=["ledger"]))
    assert (row.state, row.outcome["compared"]) == ("done", ["rows"])
    with closing(sqlite3.connect(target)) as found:
        assert found.execute("select name from sqlite_master where type = 'table'").fetchall() == [("ledger",)]
        assert found.execute("select sum(debit), sum(credit) from ledger").fetchone() == (42000, 42000)


def test_to_a_new_directory_as_it_is(shop: Shop) -> None:
    target = shop.folder / "restored" / "as-it-is"
    target.mkdir(parents=True)
    row = finished(asked("directory", str(target)))
    assert (row.state, [one.name for one in target.iterdir()]) == ("done", ["data.sqlite3"])
    assert orders(target / "data.sqlite3") == 40
    assert [one.name for one in target.parent.iterdir()] == ["as-it-is"]


def test_the_live_place_by_two_people(shop: Shop) -> None:
    """With an application that has the file open all the while."""
    before = shop.books.stat().st_ino
    row = asked("live", reason=WHY)
    assert (row.state, Job.objects.filter(act="restore").count()) == ("asked", 0)
    approved(row)
    assert queries.under_maintenance(["shop"]) == {"shop"}
    with closing(sqlite3.connect(shop.books)) as application:
        assert application.execute("select count(*) from orders").fetchone() == (42,)
        row = finished(row)
        assert application.execute("select count(*) from orders").fetchone() == (40,)
    assert (row.state, row.place, orders(shop.books)) == ("done", "restored", 40)
    assert shop.books.stat().st_ino == before
    assert words(row) == ["asked", "approved", "safe", "handed-over", "loaded", "compared", "begun", "done"]
    assert [row.story[0]["who"], row.story[1]["who"]] == ["person:bob", "person:eve"]
    assert row.safety is not None
    assert (row.safety.why, row.safety.state) == ("safety", "done")
    safety = Copy.objects.get(pk=row.safety.report["copy"])
    assert safety.fingerprint["rows"]["orders"] == 42, "what was there before is in the fresh copy"
    assert queries.under_maintenance(["shop"]) == set()
    assert {one.name for one in shop.folder.iterdir()} == {"vault", "away", "work", "books.sqlite3"}
    back = restoring.ask("shop/nightly", safety.pk, "live", reason="no, it was right", actor=EVE)
    assert finished(approved(back, BOB)).state == "done"
    assert orders(shop.books) == 42


def test_a_safety_copy_that_fails_stops_it(shop: Shop) -> None:
    row = approved(asked("live", reason=WHY))
    shop.vault.rename(shop.folder / "gone")
    assert row.safety is not None
    for _ in range(3):
        Job.objects.filter(pk=row.safety.pk).update(not_before=None)
        done(row.safety)
    actions.proceed(datetime.now(UTC))
    row = queries.restore(row.pk)
    assert (row.state, row.place, row.story[-1]["code"]) == ("failed", "untouched", "no-safety")
    assert (orders(shop.books), Job.objects.filter(act="restore").count()) == (42, 0)


def test_who_may_not_approve(shop: Shop) -> None:
    row = asked("live", reason=WHY)
    for actor, refusal in (
        (BOB, "a second person approves"),
        (Actor("shell:Bob", Role.ADMINISTRATOR), "a second person approves"),
        (Actor("token:abc", Role.ADMINISTRATOR), "a token cannot"),
    ):
        with pytest.raises(Refused, match=refusal):
            approved(row, actor)
    with pytest.raises(Refused, match="a token cannot"):
        asked("live", reason=WHY, actor=Actor("token:abc", Role.ADMINISTRATOR))
    assert queries.restore(row.pk).state == "asked"


def test_which_role_is_needed(shop: Shop) -> None:
    row = asked("live", reason=WHY)
    for role in (Role.VIEWER, Role.OPERATOR):
        low = Actor("person:low", role)
        for act in (
            lambda low: asked("live", reason=WHY, actor=low),
            lambda low: approved(row, low),
            lambda low: actions.abort(row.pk, "", datetime.now(UTC), actor=low),
            lambda low: preview(Copy.objects.get(), actor=low),
        ):
            with pytest.raises(Denied):
                act(low)


def test_an_approval_is_of_exactly_this(shop: Shop) -> None:
    row = asked("live", reason=WHY)
    with pytest.raises(Refused, match="read it again"):
        actions.approve(row.pk, "0" * 64, datetime.now(UTC), actor=EVE)
    moved = shop.folder / "moved.sqlite3"
    shutil.copy(shop.books, moved)
    approved(row)
    shop.books = moved
    shop.apply(prove={"after_each": False})
    row = finished(row)
    assert (row.state, row.story[-1]["code"], orders(moved)) == ("failed", "aborted", 42)
    assert "not described as it was" in row.story[-1]["detail"]


def test_an_approval_lapses(shop: Shop) -> None:
    row = approved(asked("live", reason=WHY))
    actions.proceed(datetime.now(UTC) + timedelta(minutes=59))
    assert queries.restore(row.pk).state == "safety"
    actions.proceed(datetime.now(UTC) + timedelta(minutes=61))
    assert queries.restore(row.pk).state == "lapsed"
    assert all_done() == []
    old = asked("live", reason=WHY)
    with pytest.raises(Refused, match="more than a day ago"):
        actions.approve(old.pk, old.seal, datetime.now(UTC) + timedelta(days=2), actor=EVE)
    actions.proceed(datetime.now(UTC) + timedelta(days=2))
    assert queries.restore(old.pk).state == "lapsed"


def test_it_can_be_aborted_until_it_begins(shop: Shop) -> None:
    row = approved(asked("live", reason=WHY))
    assert row.safety is not None
    done(row.safety)
    actions.proceed(datetime.now(UTC))
    row = queries.restore(row.pk)
    actions.abort(row.pk, "wrong copy", datetime.now(UTC), actor=BOB)
    assert all_done() == []
    row = queries.restore(row.pk)
    assert (row.state, row.place, orders(shop.books)) == ("aborted", "untouched", 42)
    assert (row.story[-1]["who"], row.story[-1]["reason"]) == ("person:bob", "wrong copy")
    with pytest.raises(Refused, match="is over"):
        actions.abort(row.pk, "", datetime.now(UTC), actor=BOB)
    Restore.objects.filter(pk=row.pk).update(state="running", begun_at=datetime.now(UTC))
    with pytest.raises(Refused, match="being changed already"):
        actions.abort(row.pk, "", datetime.now(UTC), actor=BOB)


def test_aborted_while_it_is_being_built(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    row = asked("database", f"sqlite://{shop.folder}/restored/x.sqlite3")
    real = actions.tell_step

    def aborting(*given: Any, **more: Any) -> None:
        real(*given, **more)
        if given[2] == "loaded":
            actions.abort(row.pk, "", datetime.now(UTC), actor=EVE)

    monkeypatch.setattr(actions, "tell_step", aborting)
    row = finished(row)
    assert (row.state, row.place, list((shop.folder / "restored").iterdir())) == ("aborted", "untouched", [])
    assert row.job is not None
    assert row.job.problem["code"] == "aborted"


REFUSALS: list[tuple[str, str, dict[str, Any], str]] = [
    ("directory", "/etc/new", {}, "restores may be written below"),
    ("directory", "{root}/../x", {}, "without . and .."),
    ("directory", "relative", {}, "write an absolute path"),
    ("directory", "{root}/full", {}, "is not empty"),
    ("directory", "{root}/out/x", {}, "leads out of"),
    ("database", "sqlite:///etc/x", {}, "restores may be written below"),
    ("database", "sqlite://{root}/full/a", {}, "is there already"),
    ("database", "postgresql://u:${{RESTORE_X}}@h/x", {}, "goes to: sqlite://"),
    ("database", "postgresql://u:hunter2@h/x", {}, "write the password as"),
    ("database", "postgresql://u:${{BACKUP_KEY_SHOP__NIGHTLY}}@h/x", {}, "may not be sent to another place"),
    ("database", "http://x", {}, "write where to"),
    ("live", "", {}, "say why"),
    ("live", "/x", {"reason": WHY}, "name no other"),
    ("live", "", {"reason": WHY, "only": ["ledger"]}, "never into the live one"),
    ("nowhere", "", {}, "restore to one of"),
    ("directory", "{root}/x", {"only": ["nothing"]}, "holds no table or database nothing"),
    ("live", "", {"reason": WHY, "moment": timedelta(days=1)}, "lies in the future"),
    ("live", "", {"reason": WHY, "moment": timedelta(0)}, "their own moment only"),
]


def test_refused_by_words(shop: Shop) -> None:
    root = shop.folder / "restored"
    (root / "full").mkdir(parents=True)
    (root / "full" / "a").write_text("x")
    (root / "out").symlink_to("/tmp")
    for to, target, more, refusal in REFUSALS:
        given = {**more, "moment": datetime.now(UTC) + more["moment"]} if "moment" in more else more
        with pytest.raises(Refused, match=refusal):
            asked(to, target.format(root=root), **given)
    assert (Restore.objects.count(), (root / "full" / "a").read_text()) == (0, "x")


def test_no_room(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    Copy.objects.update(size=10**18)
    with pytest.raises(Refused, match="MB are needed"):
        asked("directory", str(shop.folder / "restored" / "x"))


def test_one_restore_of_a_policy_at_a_time(shop: Shop) -> None:
    asked("directory", str(shop.folder / "restored" / "x"))
    with pytest.raises(Refused, match="is under way"):
        asked("directory", str(shop.folder / "restored" / "y"))


def test_the_wrong_key(shop: Shop) -> None:
    set_secret("BACKUP_KEY_SHOP__NIGHTLY", "another-key-" * 4, actor=ROOT)
    row = finished(asked("directory", str(shop.folder / "restored" / "x")))
    assert (row.state, row.place, row.story[-1]["code"]) == ("failed", "untouched", "wrong-key")
    assert not (shop.folder / "restored" / "x").exists()


def test_a_damaged_repository(shop: Shop) -> None:
    pack = next(path for path in (shop.vault / "shop/nightly/data").rglob("*") if path.is_file())
    pack.chmod(0o600)
    pack.write_bytes(pack.read_bytes()[:-1])
    row = finished(approved_or_asked := asked("database", f"sqlite://{shop.folder}/restored/x"))
    assert (row.pk, row.state, row.place) == (approved_or_asked.pk, "failed", "untouched")
    assert row.story[-1]["code"] == "damaged"
    assert list((shop.folder / "restored").iterdir()) == []


def test_what_is_not_what_was_copied_never_counts(shop: Shop) -> None:
    copy = Copy.objects.get()
    copy.fingerprint["rows"]["orders"] = 41
    copy.save()
    row = finished(approved(asked("live", reason=WHY)))
    assert (row.state, row.place, orders(shop.books)) == ("failed", "untouched", 42)
    assert "rows orders: 41 → 40" in row.story[-1]["detail"]


def test_a_live_file_that_an_application_holds(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstay.drivers.landings.sqlite.PATIENCE", 0.3)
    row = approved(asked("live", reason=WHY))
    assert row.safety is not None
    done(row.safety)
    actions.proceed(datetime.now(UTC))
    with closing(sqlite3.connect(shop.books)) as application:
        application.execute("begin")
        application.execute("select * from orders").fetchone()
        row = finished(row)
    assert (row.state, row.place, orders(shop.books)) == ("failed", "untouched", 42)
    assert "an application holds the live file" in row.story[-1]["detail"]


def test_what_is_to_be_restored_is_not_dropped_meanwhile(shop: Shop) -> None:
    keep = {"last": 1, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0}
    shop.apply(keep=keep, prove={"after_each": False})
    old = Copy.objects.get()
    row = restoring.ask("shop/nightly", old.pk, "live", reason=WHY, actor=BOB)
    shop.run()
    shop.run("prune")
    assert Copy.objects.get(pk=old.pk).dropped_at is None
    actions.abort(row.pk, "", datetime.now(UTC), actor=BOB)
    shop.run("prune")
    assert Copy.objects.get(pk=old.pk).dropped_at is not None


def test_the_status_page_says_that_maintenance_is_under_way(shop: Shop) -> None:
    shop.policy.system.document = {**shop.policy.system.document, "status_page": True}
    shop.policy.system.save()
    assert [one.maintenance for one in gather().systems] == [False]
    row = approved(asked("live", reason=WHY))
    assert [one.maintenance for one in gather().systems] == [True]
    actions.abort(row.pk, "", datetime.now(UTC), actor=EVE)
    assert [one.maintenance for one in gather().systems] == [False]
