"""The estate under backups: with people at work two nights of its books and one of its files, at two sites, each
proved, each certificate verified by itself, and the second night adding less than the first."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from mainstay.backups import actions, queries
from mainstay.backups.certificates import file_of
from mainstay.backups.models import Copy, Proof
from mainstay.catalogue.actions import make_secret
from mainstay.cli.demo import put_plugin
from mainstay.domain.actor import Actor, Role
from mainstay.domain.certificate import verify
from mainstay.engine.jobs import application
from tests.estate.conftest import Running, eventually
from tests.line.copied_shop import PASSWORD, all_done, empty_repositories, outcomes, work_in
from tests.servers import program as installed

pytestmark = [pytest.mark.estate, pytest.mark.django_db]
ANN = Actor("person:ann", Role.OPERATOR)
NIGHTLY, FILES = "meridian/nightly", "meridian/attachments"


def test_two_nights_with_people_at_work(meridian: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed("restic")
    work_in(tmp_path, monkeypatch)
    put_plugin(tmp_path / "plugins")
    monkeypatch.setattr(application, "PLUGINS", (str(tmp_path / "plugins"),))
    _open_stores(meridian)
    eventually(lambda: _letters(meridian) > 0, patience=120)
    _do(lambda: [actions.ask(path, actor=ANN) for path in (NIGHTLY, FILES)])
    before = _letters(meridian)
    eventually(lambda: _letters(meridian) >= before + 2, patience=120)
    _do(lambda: actions.ask(NIGHTLY, actor=ANN))
    _do(lambda: actions.ask_for_proof(FILES, actor=ANN))

    first, second = Copy.objects.filter(policy__name="nightly", made_from=None).order_by("pk")
    assert second.added < first.added, "what is there already is not stored again"
    assert int(second.fingerprint["totals"]["orders"]) >= int(first.fingerprint["totals"]["orders"]) + 2
    assert Copy.objects.filter(made_from__in=(first, second)).count() == 2, "both are at the second site"
    for proof in queries.proofs():
        assert proof.verdict == "proved", [gate for gate in proof.gates if gate["verdict"] not in ("passed", "missed")]
        assert verify(file_of(proof)).document["verdict"] == "proved"
    gates = outcomes(Proof.objects.get(copy=second).gates)
    assert gates["rules.app.move-unbalanced"] == gates["fingerprint.sums"] == gates["fingerprint.totals"] == "passed"
    assert gates["application.app.reads-an-order"] == "passed"
    assert {proof.copy.policy.name: proof.verdict for proof in queries.proofs()} == {
        "nightly": "proved", "attachments": "proved",
    }  # fmt: skip


def _open_stores(running: Running) -> None:
    """With repositories that are quick to open."""
    for policy in ("nightly", "attachments"):
        make_secret(f"BACKUP_KEY_MERIDIAN__{policy.upper()}", PASSWORD)
        for made, store in (("vault", "vault_dir"), ("away", "second_site_dir")):
            shutil.copytree(empty_repositories() / made, Path(running.facts[store]) / "meridian" / policy)


def _do(ask: Callable[[], object]) -> None:
    """What was asked for, and what follows from it, all of it well."""
    ask()
    assert [job.problem for job in all_done() if job.state != "done"] == []


def _letters(running: Running) -> int:
    """Orders that came with the customer's letter."""
    with psycopg.connect(running.facts["backup_dsn"]) as db:
        row = db.execute("select count(*) from ir_attachment").fetchone()
    return int(row[0]) if row else 0
