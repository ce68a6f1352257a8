"""Backups on the three faces: a copy is taken and proved by hand, and read as JSON, in words, and on paper."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from pypdf import PdfReader

from mainstay.api import auth
from mainstay.api.pace import Pace
from mainstay.backups import actions, paper
from mainstay.backups.models import Copy, Job, Proof
from mainstay.backups.signing import public_key
from mainstay.cli.main import load
from mainstay.domain.actor import Role
from mainstay.domain.certificate import verify
from mainstay.people.actions import add_person, create_token
from tests.line.copied_shop import ROOT, Shop, all_done, work_in
from tests.servers import program

pytestmark = pytest.mark.django_db
PASSWORD = "correct-horse-battery"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Shop:
    program("restic")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(auth, "KNOWN", Pace(rate=1e6, burst=1e6))
    work_in(tmp_path, monkeypatch)
    return Shop(tmp_path, prove={"after_each": False})


def api(role: Role) -> Client:
    token = create_token(name=f"t{role}", role=role, actor=ROOT)[1]
    return Client(headers={"authorization": f"Bearer {token}"})


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")


def shell(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, int]:
    code = load("backup").main([*words], standalone_mode=False)
    return capsys.readouterr().out, code if isinstance(code, int) else 0


def test_a_day_on_all_faces(shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    operator = api(Role.OPERATOR)
    asked = post(operator, "backups/jobs", policy="shop/nightly").json()
    assert (asked["act"], asked["state"]) == ("backup", "waiting")
    assert post(operator, "backups/jobs", policy="shop/nightly").status_code == 409
    assert post(api(Role.VIEWER), "backups/jobs", policy="shop/nightly").status_code == 403
    assert post(operator, "backups/jobs", policy="shop/none").status_code == 404
    all_done()
    out, _ = shell(capsys, "list", "--json")
    (copy,) = json.loads(out)["items"]
    assert copy == json.loads(json.dumps(operator.get("/api/v1/backups/copies").json()["items"][0]))
    made, _ = shell(capsys, "prove", "shop/nightly", "--copy", str(copy["id"]), "--json")
    assert json.loads(made)["copy_id"] == copy["id"]
    all_done()

    proof = Proof.objects.get()
    shown = operator.get(f"/api/v1/backups/proofs/{proof.pk}").json()
    assert (shown["verdict"], shown["gates"]) == ("proved", proof.gates)
    text, code = shell(capsys, "proof", str(proof.pk))
    assert (code, "All of the copy came back" in text) == (0, True)
    file = tmp_path / "certificate.json"
    shell(capsys, "certificate", str(proof.pk), "--out", str(file))
    assert verify(file.read_text(), public_key()).known
    assert operator.get(f"/api/v1/backups/proofs/{proof.pk}/certificate").content.decode() == file.read_text()
    told, _ = shell(capsys, "job", str(Job.objects.get(act="prove").pk))
    assert "loading" in told

    add_person(username="ann", password=PASSWORD, role=Role.ADMINISTRATOR, actor=ROOT)
    pages = Client()
    pages.post("/sign-in/", {"username": "ann", "password": PASSWORD})
    for path in ("jobs/", f"jobs/{asked['id']}/", "copies/", f"copies/{copy['id']}/", f"proofs/{proof.pk}/"):
        answer = pages.get(f"/backups/{path}")
        assert (answer.status_code, "shop" in answer.content.decode()) == (200, True), path
    page = pages.get(f"/backups/proofs/{proof.pk}/").content.decode()
    assert "could not be looked at" not in page
    assert "Control totals as recorded" in page
    assert pages.get("/backups/policies/shop/nightly/").content.decode().count("Back up now") == 1
    answer = pages.post("/backups/prove", {"policy": "shop/nightly"})
    assert answer["Location"] == f"/backups/jobs/{Job.objects.latest('pk').pk}/"
    sheet = pages.post("/backups/key", {"policy": "shop/nightly"})
    assert actions.key_sheet(shop.policy, actor=ROOT).key in sheet.content.decode()
    assert sheet["Cache-Control"] == "no-store"


@pytest.mark.parametrize("language", ["en", "zh", "zh-hant"])
def test_a_certificate_on_paper(shop: Shop, language: str) -> None:
    shop.run()
    shop.run("prove")
    proof = Proof.objects.get()
    data, name = paper.certificate_file(proof, language)
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    assert name == f"certificate-{proof.pk}.pdf"
    assert proof.copy.identifier[:20] in text.replace("\n", "")


def test_progress_is_told_while_it_runs(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    actions.ask("shop/nightly", actor=ROOT)
    job = actions.lease("x", datetime.now(UTC))
    assert job is not None
    actions.renew(job, datetime.now(UTC), {"stage": "saving", "done": 30, "total": 120, "since": job.tick.isoformat()})
    row = api(Role.VIEWER).get(f"/api/v1/backups/jobs/{job.pk}").json()
    assert (row["stage"], row["percent"], bool(row["expected_end"])) == ("saving", 25, True)
    with translation.override("en"):
        assert "saving 25 %" in shell(capsys, "job", str(job.pk))[0]
    assert Copy.objects.count() == 0
