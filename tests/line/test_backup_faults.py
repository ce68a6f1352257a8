"""What can be wrong with a copy, its repository, its key, its source or its surroundings: none of it passes as proved,
and each is named by the gate or the word under which it was found."""

import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mainstay.backups.models import Copy, Proof, Repository
from mainstay.catalogue.actions import make_secret, set_secret
from mainstay.catalogue.models import Secret
from mainstay.domain.proof import NEEDED
from mainstay.drivers import program
from mainstay.drivers.backup_tools import Checked, sqlite
from mainstay.drivers.backup_tools.sqlite import NAME, Restored
from mainstay.drivers.restic import Restic
from mainstay.drivers.stores import Place
from mainstay.engine.jobs import places
from tests.line.copied_shop import PASSWORD, ROOT, Shop, done, empty_repositories, outcomes, work_in
from tests.servers import program as installed

pytestmark = pytest.mark.django_db


@dataclass
class Kept:
    """A copy that was once taken, as rows and files: each test gets its own of it."""

    folder: Path
    values: dict[str, Any] = field(default_factory=dict)


@cache
def kept(folder: Path) -> Kept:
    return Kept(folder)


@pytest.fixture
def shop(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """With one copy, in the first store."""
    installed("restic")
    work_in(tmp_path, monkeypatch)
    made = Shop(tmp_path, prove={"after_each": False, "tables": ["ledger"]})
    stored = kept(tmp_path_factory.getbasetemp() / "kept")
    if not stored.values:
        assert made.run().state == "done"
        row = Copy.objects.get()
        names = ("identifier", "level", "at", "made_at", "size", "added", "point", "fingerprint", "asked", "versions")
        stored.values.update({name: getattr(row, name) for name in names}, repository=row.repository.identifier)
        shutil.copytree(made.vault, stored.folder / "vault")
        shutil.copy(made.books, stored.folder / "books.sqlite3")
        return made
    shutil.rmtree(made.vault)
    shutil.copytree(stored.folder / "vault", made.vault)
    shutil.copy(stored.folder / "books.sqlite3", made.books)
    values = dict(stored.values)
    store = made.stores["vault"]
    repository = Repository.objects.create(
        policy=made.policy, store=store, identifier=values.pop("repository"), made_at=values["made_at"]
    )
    Copy.objects.create(policy=made.policy, repository=repository, **values)
    return made


def repository(shop: Shop) -> Path:
    return shop.vault / "shop" / "nightly"


def files(shop: Shop, kind: str) -> list[Path]:
    found = [path for path in (repository(shop) / kind).rglob("*") if path.is_file()]
    return sorted(found, key=lambda path: path.stat().st_size)


def flip(path: Path) -> None:
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    path.write_bytes(data)


def saved_instead(shop: Shop, make: Callable[[Path], None], *, size: bool = True) -> None:
    """Another file stands in the repository as if it were the copy."""
    stage = shop.folder / "instead"
    stage.mkdir()
    shutil.copy(shop.books, stage / NAME)
    make(stage / NAME)
    restic = Restic(Place(str(repository(shop))), PASSWORD, host="x", cache=None)
    saved = restic.save(stage, [f"policy={shop.policy}"], time.monotonic() + 60, lambda *_: None)
    changes = {"identifier": saved.identifier, **({"size": saved.size} if size else {})}
    Copy.objects.update(**changes)


def another(shop: Shop) -> None:
    """One that the same key opens, and that holds nothing."""
    shutil.rmtree(repository(shop))
    shutil.copytree(empty_repositories() / "away", repository(shop))


def sql(*statements: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with sqlite3.connect(path) as books:
            for statement in statements:
                books.execute(statement)
        books.close()

    return change


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.unlink()
    sql("create table orders (id integer)")(path)


def broken(path: Path) -> None:
    """Pages of a table overwritten, the header and the schema whole."""
    data = bytearray(path.read_bytes())
    data[-4096:] = b"\x0d" + bytes([0xFF] * 4095)
    path.write_bytes(data)


def elsewhere(shop: Shop) -> None:
    """The policy's account is one of another database."""
    make_secret("OTHER_DSN", "sqlite:////srv/other.sqlite3")
    shop.apply(dsn="${OTHER_DSN}", prove={"after_each": False})


Act = Callable[[Shop], object]
DAMAGE: dict[str, tuple[Act, str]] = {
    "a byte flipped in a pack": (lambda shop: flip(files(shop, "data")[-1]), "load"),
    "a pack missing": (lambda shop: files(shop, "data")[-1].unlink(), "repository"),
    "the index missing": (lambda shop: [path.unlink() for path in files(shop, "index")], "repository"),
    "the index flipped": (lambda shop: flip(files(shop, "index")[-1]), "repository"),
    "the snapshot gone": (lambda shop: [path.unlink() for path in files(shop, "snapshots")], "record"),
    "the snapshot flipped": (lambda shop: flip(files(shop, "snapshots")[-1]), ""),
    "another repository in its place": (another, "record"),
    "a snapshot of another day": (
        lambda _shop: Copy.objects.update(made_at=datetime.now(UTC) - timedelta(days=9)), "record",
    ),
    "the dump cut off": (lambda shop: saved_instead(shop, cut), ""),
    "bytes missing": (lambda shop: saved_instead(shop, cut, size=False), "load"),
    "a dump of an empty database": (lambda shop: saved_instead(shop, emptied), "fingerprint"),
    "pages overwritten": (lambda shop: saved_instead(shop, broken), ""),
    "rows deleted": (lambda shop: saved_instead(shop, sql("delete from orders where id = 7")), "fingerprint.rows"),
    "an amount altered": (
        lambda shop: saved_instead(shop, sql("update orders set amount = '10.51' where id = 7")), "fingerprint.totals",
    ),
    "lines exchanged": (
        lambda shop: saved_instead(shop, sql("update ledger set move = 3 - move where move in (1, 2)",
                                             "update ledger set debit = debit + 1, credit = credit + 1")),
        "fingerprint.sums",
    ),
    "an index more": (
        lambda shop: saved_instead(shop, sql("create index i on orders (number)")), "fingerprint.schema",
    ),
    "the newest rows lost": (
        lambda shop: saved_instead(shop, sql("update orders set created_at = '2020-01-01' where id = 1")),
        "fingerprint.totals",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_wrong_with_the_copy_is_a_proof_that_fails(shop: Shop, name: str) -> None:
    damage, gate = DAMAGE[name]
    damage(shop)
    job = shop.run("prove")
    assert not places.numbers()
    if job.state == "failed":
        assert not Proof.objects.exists()
        assert job.problem["code"] in ("damaged", "failed"), job.problem
        assert not gate, job.problem
        return
    proof = Proof.objects.get()
    assert proof.verdict == "failed", proof.gates
    found = outcomes(proof.gates)
    assert "failed" in found.values()
    if gate:
        assert found[gate] == "failed", proof.gates


def test_a_ledger_line_altered_before_the_backup(shop: Shop) -> None:
    """The copy is exact, and the books in it do not balance: that is no copy to go back to."""
    shop.change("update ledger set debit = 1051 where id = 1")
    assert shop.run().state == "done"
    shop.run("prove", copy=Copy.objects.latest("pk").pk)
    proof = Proof.objects.get()
    assert proof.verdict == "failed"
    found = outcomes(proof.gates)
    assert (found["fingerprint.rows"], found["rules.unbalanced"]) == ("passed", "failed")


UNSEEN: dict[str, tuple[Callable[[Shop, pytest.MonkeyPatch], object], str]] = {
    "no fingerprint was taken": (lambda _shop, _patch: Copy.objects.update(fingerprint={}), "fingerprint"),
    "a rule that cannot be asked": (
        lambda shop, _patch: shop.apply(prove={"after_each": False}, rule="select nothing from nowhere"),
        "rules.unbalanced",
    ),
    "a check of the database's own that cannot run": (
        lambda _shop, patch: patch.setattr(Restored, "checks", lambda _self: [Checked("amcheck", None, "not here")]),
        "own-checks.amcheck",
    ),
    "an application that was to be started": (
        lambda shop, _patch: shop.apply(prove={"after_each": False, "start": ["erp"]}), "application",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSEEN)
def test_what_could_not_be_looked_at_is_not_proved(shop: Shop, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prevent, gate = UNSEEN[name]
    prevent(shop, monkeypatch)
    assert shop.run("prove").state == "done"
    proof = Proof.objects.get()
    assert (proof.verdict, outcomes(proof.gates)[gate]) == ("unproved", "unseen"), proof.gates
    assert gate in proof.certificate


def absent(_name: str, _environment: object = None) -> str:
    raise program.ToolFailed("missing", "there is no program restic on this machine")


BEFORE: dict[str, tuple[str, Callable[[Shop, pytest.MonkeyPatch], object], str]] = {
    "another key": ("prove", lambda _s, _p: set_secret("BACKUP_KEY_SHOP__NIGHTLY", "x" * 40, actor=ROOT), "wrong-key"),
    "the key lost": ("prove", lambda _s, _p: Secret.objects.filter(name__startswith="BACKUP").delete(), "key"),
    "the store gone": ("prove", lambda shop, _p: shop.vault.rename(shop.folder / "gone"), "unreachable"),
    "no room to restore": ("prove", lambda _s, patch: patch.setattr(places, "free", lambda _p: 1000), "no-space"),
    "no room to stage": ("backup", lambda _s, patch: patch.setattr(places, "free", lambda _p: 1000), "no-space"),
    "the tool missing": ("prove", lambda _s, patch: patch.setattr(program, "found", absent), "missing"),
    "an account that leads to another database": (
        "backup", lambda shop, _p: elsewhere(shop), "setup",
    ),
    "the source gone": ("backup", lambda shop, _p: shop.books.unlink(), "absent"),
    "the source no database": ("backup", lambda shop, _p: shop.books.write_bytes(b"no" * 5000), "damaged"),
    "the repository emptied": ("backup", lambda shop, _p: shutil.rmtree(repository(shop)), "absent"),
    "a pack missing at the next backup": ("backup", lambda shop, _p: files(shop, "data")[-1].unlink(), "damaged"),
    "a control total that cannot be asked": (
        "backup", lambda shop, _p: shop.change("alter table orders rename column amount to money"), "refused",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BEFORE)
def test_what_keeps_a_job_from_its_work_is_said(shop: Shop, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    act, prevent, code = BEFORE[name]
    prevent(shop, monkeypatch)
    job = shop.run(act)
    assert job.problem.get("code") == code, (job.problem, job.story)
    assert job.state in ("failed", "waiting")
    assert (Copy.objects.count(), Proof.objects.count()) == (1, 0), "the old copy stays, and nothing is proved"
    assert PASSWORD not in str(job.problem)
    assert not places.numbers()


def test_a_source_that_is_locked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_BUSY", 0.1)
    shop.change("pragma journal_mode = delete")
    with sqlite3.connect(shop.books) as books:
        books.execute("begin exclusive")
        job = shop.run()
        books.rollback()
    books.close()
    assert (job.problem["code"], job.state) == ("locked", "waiting"), job.problem


def test_a_snapshot_from_the_future_stops_all_forgetting(shop: Shop, tmp_path: Path) -> None:
    keep = {"last": 1, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0}
    shop.apply(keep=keep, prove={"after_each": False})
    assert shop.run().state == "done"
    restic = Restic(Place(str(repository(shop))), PASSWORD, host="x", cache=None)
    restic._run(["backup", "--time", "2041-01-01 00:00:00", str(shop.books)], time.monotonic() + 60)
    job = shop.run("prune")
    assert (job.state, job.problem["code"], "2041" in job.problem["detail"]) == ("failed", "refused", True)
    assert Copy.objects.filter(dropped_at=None).count() == 2


def test_a_copy_from_the_future_in_our_own_record(shop: Shop) -> None:
    Copy.objects.update(at=datetime.now(UTC) + timedelta(days=400))
    job = shop.run("prune")
    assert (job.state, job.problem["code"]) == ("failed", "refused")


def test_a_flipped_byte_is_found_within_the_month_and_stops_forgetting(shop: Shop) -> None:
    flip(files(shop, "data")[-1])
    Repository.objects.update(part=int(files(shop, "data")[-1].name[:2], 16) % 30)  # restic's own share of packs
    job = shop.run("check")
    found = Repository.objects.get()
    assert job.state == "done"
    assert found.damage
    assert (job := shop.run("prune")).problem["code"] == "damaged"
    assert Copy.objects.filter(dropped_at=None).count() == 1
    part = found.part
    shop.run("check")
    again = Repository.objects.get()
    assert (again.part, bool(again.damage)) == (part, True), "what is damaged stays so until all of it was read"


def test_a_copy_that_was_dropped_is_not_proved(shop: Shop) -> None:
    asked = shop.asked("prove")
    Copy.objects.update(dropped_at=datetime.now(UTC))
    job = done(asked)
    assert (job.state, job.problem["code"], Proof.objects.count()) == ("failed", "absent", 0)


def test_every_proof_answers_for_the_same_gates(shop: Shop) -> None:
    shop.run("prove")
    proof = Proof.objects.get()
    assert proof.verdict == "proved", proof.gates
    assert {gate["name"].partition(".")[0] for gate in proof.gates} >= set(NEEDED)
    assert outcomes(proof.gates)["fingerprint.sums"] == "passed"
