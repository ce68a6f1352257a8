"""Backups from the schedule to the certificate, with the real restic: due, taken, at the second site, proved."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from mainstay.audit.models import Record
from mainstay.backups import actions, queries
from mainstay.backups.certificates import file_of
from mainstay.backups.models import Copy, Job, Proof, Repository
from mainstay.backups.signing import public_key
from mainstay.catalogue import actions as secrets
from mainstay.catalogue.models import Policy, Secret
from mainstay.catalogue.secret_book import SecretBook
from mainstay.domain.actor import Actor, Denied, Role
from mainstay.domain.certificate import verify
from mainstay.domain.placeholder import Unfilled
from mainstay.engine.jobs import places
from tests.line.copied_shop import ANN, ROOT, Shop, all_done, done, outcomes, work_in
from tests.servers import program

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    program("restic")
    work_in(tmp_path, monkeypatch)
    return Shop(tmp_path, stores=["vault", "away"])


def test_the_whole_way(shop: Shop, tmp_path: Path) -> None:
    """From the tick to a certificate that is verified where there is no Mainstay."""
    born = datetime.now(UTC) - timedelta(days=2)
    Policy.objects.update(made_at=born)
    now = datetime.now(UTC)
    due = actions.plan(now)
    assert [job.act for job in due] == ["backup"]
    assert actions.plan(now + timedelta(seconds=20)) == []  # a tick is planned once
    assert [(job.act, job.state) for job in all_done()] == [("backup", "done"), ("forward", "done"), ("prove", "done")]

    first, second = Copy.objects.order_by("pk")
    assert (first.repository.store.name, second.repository.store.name) == ("vault", "away")
    assert second.made_from == first
    assert second.fingerprint == first.fingerprint
    assert first.fingerprint["rows"] == {"ledger": 80, "order_lines": 40, "orders": 40}
    assert first.asked["totals"].keys() == {"orders", "last-order", "money", "newest", "lines"}
    assert not places.numbers()

    proof = Proof.objects.get()
    gates = outcomes(proof.gates)
    assert proof.verdict == "proved", proof.gates
    assert gates["fingerprint.totals"] == gates["load"] == gates["record"] == gates["rules.unbalanced"] == "passed"
    assert gates["rules.books.duplicate-number"] == gates["rules.books.flow"] == gates["rto"] == "passed"
    assert proof.figures["totals"]["behind"]["orders"] == "0"

    file = tmp_path / "certificate.json"
    file.write_text(file_of(proof))
    assert verify(file.read_text(), public_key()).document["verdict"] == "proved"
    elsewhere = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    words = [sys.executable, "-m", "mainstay", "backup", "verify-certificate", str(file), "--key", public_key()]
    told = subprocess.run(words, env=elsewhere, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (told.returncode, "true: as it was signed" in told.stdout) == (0, True), told.stderr
    file.write_text(file.read_text().replace('"proved"', '"failed"'))
    assert subprocess.run(words, env=elsewhere, cwd=tmp_path, capture_output=True, check=False).returncode == 2
    assert not (tmp_path / "data").exists()


def test_how_far_a_copy_is_behind_in_orders_and_money(shop: Shop) -> None:
    shop.run()
    copy = Copy.objects.get(made_from=None)
    shop.change("insert into orders values (41, 'S00041', 'new', '2026-11-27', '2026-11-27', '99.25')")
    job = next(iter(Job.objects.filter(act="prove")))
    assert done(Job.objects.get(act="forward")).state == "done"
    done(job)
    proof = Proof.objects.get(copy=copy)
    assert proof.verdict == "proved"
    behind = proof.figures["totals"]["behind"]
    assert (behind["orders"], behind["money"], behind["last-order"]) == ("1", "99.25", "differs")


def test_only_one_job_of_a_policy_runs(shop: Shop) -> None:
    now = datetime.now(UTC)
    actions.ask("shop/nightly", actor=ANN)
    actions.ask("shop/nightly", "check", actor=ANN)
    first = actions.lease("a", datetime.now(UTC))
    assert first is not None
    assert actions.lease("b", datetime.now(UTC)) is None
    with pytest.raises(actions.Refused):
        actions.ask("shop/nightly", "check", actor=ANN)
    actions.finish(first, now, {})
    assert actions.lease("b", datetime.now(UTC)) is not None


def test_who_lost_his_job_writes_nothing_any_more(shop: Shop) -> None:
    actions.ask("shop/nightly", actor=ANN)
    job = actions.lease("a", datetime.now(UTC))
    assert job is not None
    late = datetime.now(UTC) + timedelta(minutes=5)
    (back,) = actions.reclaim(late)
    assert (back.state, back.attempt, [entry["word"] for entry in back.story]) == ("waiting", 1, ["lost", "retry"])
    for act in (
        lambda: actions.renew(job, late),
        lambda: actions.finish(job, late, {}),
        lambda: actions.fail(job, late, "x", "y", retry=True),
    ):
        with pytest.raises(actions.Lost):
            act()
    assert Job.objects.get().state == "waiting"


def test_after_three_deaths_it_has_failed(shop: Shop) -> None:
    now = datetime.now(UTC) + timedelta(seconds=1)
    actions.ask("shop/nightly", actor=ANN)
    for attempt in range(3):
        job = actions.lease(str(attempt), now)
        assert job is not None, attempt
        actions.reclaim(now, dead={job.pk: "its worker was ended by signal 9"})
        now += timedelta(hours=1)
    job = Job.objects.get()
    assert (job.state, job.problem["code"]) == ("failed", "killed")
    assert actions.lease("x", now) is None


def test_the_second_site_is_owed_until_it_has_the_copy(shop: Shop) -> None:
    shop.run()
    shop.away.rename(shop.folder / "gone")
    forward = Job.objects.get(act="forward")
    now = datetime.now(UTC)
    for _ in range(3):
        Job.objects.filter(pk=forward.pk).update(not_before=None)
        forward = done(forward)
        assert forward.problem["code"] == "unreachable"
    assert forward.state == "failed"
    assert actions.owe(now + timedelta(minutes=10)) == []
    (again,) = actions.owe(datetime.now(UTC) + timedelta(hours=2))
    (shop.folder / "gone").rename(shop.away)
    Job.objects.filter(pk=again.pk).update(tick=now)
    Job.objects.filter(act="prove").delete()
    assert done(again).state == "done"
    assert Copy.objects.filter(repository__store__name="away").count() == 1
    assert actions.owe(datetime.now(UTC) + timedelta(days=1)) == []


def test_what_goes_is_reckoned_from_our_own_record(shop: Shop) -> None:
    keep = {"last": 1, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0}
    shop.apply(stores=["vault"], keep=keep, prove={"after_each": False})
    copies = [shop.run().report["copy"] for _ in range(3)]
    shop.run("prove", copy=copies[1])
    assert Proof.objects.get().verdict == "proved"
    shop.run("prune")
    newest, newest_proved = copies[2], copies[1]
    assert list(queries.copies(shop.policy).values_list("pk", flat=True)) == [newest, newest_proved]
    assert Copy.objects.get(pk=copies[0]).dropped_at is not None
    assert shop.run("check").state == "done"
    assert Repository.objects.get().damage == ""
    shop.run("prove", copy=copies[1])
    assert [one.verdict for one in Proof.objects.all()] == ["proved", "proved"]


def test_a_months_checks_read_every_part(shop: Shop) -> None:
    shop.run()
    all_done()
    parts = []
    for _ in range(2):
        assert shop.run("check").state == "done"
        parts.append(set(Repository.objects.values_list("part", flat=True)))
    assert parts == [{1}, {2}]
    Repository.objects.update(part=30)
    shop.run("check")
    assert set(Repository.objects.values_list("part", flat=True)) == {1}


def test_a_proof_is_never_changed(shop: Shop) -> None:
    shop.run()
    all_done()
    for change in (lambda: Proof.objects.update(verdict="failed"), lambda: Proof.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_key_is_on_the_sheet_and_nowhere_else(shop: Shop) -> None:
    job = shop.run()
    sheet = actions.key_sheet(shop.policy, actor=ROOT)
    assert len(sheet.key) >= 40
    assert sheet.key not in repr(sheet)
    told = json.dumps([list(Record.objects.values_list("data", "object")), job.report, job.story], default=str)
    assert sheet.key not in told
    assert Record.objects.filter(act="backup.key", actor="test").count() == 1
    with pytest.raises(Denied):
        actions.key_sheet(shop.policy, actor=Actor("person:x", Role.APPROVER))


def test_a_lost_key_is_never_replaced_by_another(shop: Shop) -> None:
    shop.run()
    Secret.objects.filter(name="BACKUP_KEY_SHOP__NIGHTLY").delete()
    Job.objects.exclude(act="backup").delete()
    failed = shop.run()
    assert (failed.state, failed.problem["code"]) == ("failed", "key")
    assert "recovery sheet" in failed.problem["detail"]
    assert not Secret.objects.filter(name="BACKUP_KEY_SHOP__NIGHTLY").exists()
    assert Copy.objects.count() == 1


def test_what_mainstay_keeps_for_itself_goes_nowhere(shop: Shop) -> None:
    """Neither into a check's or channel's settings, nor away by a slip of the hand."""
    key = public_key()
    assert key == public_key()
    with pytest.raises(Unfilled):
        SecretBook().value("MAINSTAY_CERTIFICATE_KEY")
    for name in ("MAINSTAY_CERTIFICATE_KEY", "BACKUP_KEY_SHOP__NIGHTLY"):
        with pytest.raises(secrets.Refused):
            secrets.delete_secret(name, actor=ROOT)
    with pytest.raises(secrets.Refused):
        secrets.set_secret("MAINSTAY_CERTIFICATE_KEY", "x", actor=ROOT)
    secrets.rotate_secrets(actor=ROOT)
    assert public_key() == key


def test_a_worker_that_is_asked_to_end_gives_its_job_back(shop: Shop) -> None:
    actions.ask("shop/nightly", actor=ANN)
    job = actions.lease("a", datetime.now(UTC))
    assert job is not None
    actions.give_back(job, datetime.now(UTC), "the engine was ended")
    row = Job.objects.get()
    assert (row.state, row.attempt, row.story[-1]["word"]) == ("waiting", 0, "given-back")
    assert actions.lease("b", datetime.now(UTC)) is not None
