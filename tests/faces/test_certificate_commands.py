"""What is handed to people outside: a certificate, the key that verifies it anywhere, and the recovery sheet."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from mainstay.audit.models import Record
from mainstay.backups import actions
from mainstay.backups.certificates import file_of
from mainstay.backups.signing import public_key
from mainstay.cli.main import load
from mainstay.domain.actor import Denied, Role
from mainstay.domain.certificate import key_id
from mainstay.people.actions import create_token
from tests.faces.test_backups import ROOT, by_api
from tests.line.backed_up import copy, open_policy, proof, repository

pytestmark = pytest.mark.django_db
PATH = "/api/v1/backups/keys"


def tell(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error of ``mainstay backup …``."""
    code = load("backup").main([*words], standalone_mode=False)
    said = capsys.readouterr()
    return code or 0, said.out, said.err


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of a proof on record, as it is given away."""
    file = tmp_path / "certificate.json"
    file.write_text(file_of(proof(copy(open_policy()))), encoding="utf-8")
    return file


def test_a_true_certificate_as_json(certificate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = tell(capsys, "verify-certificate", str(certificate), "--json")
    found = json.loads(out)
    assert (code, found["true"], found["key_known"], found["key"]) == (0, True, False, public_key())
    assert found["certificate"]["policy"] == {**found["certificate"]["policy"], "system": "shop", "name": "nightly"}
    kept = tmp_path / "key.txt"
    kept.write_text(f"{public_key()}\n{key_id(public_key())}\n")
    for key in (public_key(), str(kept)):
        told = json.loads(tell(capsys, "verify-certificate", str(certificate), "--key", key, "--json")[1])
        assert (told["true"], told["key_known"]) == (True, True)


def test_a_true_certificate_in_words(certificate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = tell(capsys, "verify-certificate", str(certificate))
    assert (code, key_id(public_key()) in out, "compare the key" in out, "shop/nightly" in out) == (0, True, True, True)


@pytest.mark.parametrize("as_json", [True, False])
def test_a_changed_certificate_is_not_true(
    certificate: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    text = certificate.read_text(encoding="utf-8")
    changed = text.replace("nightly", "nightlx")
    assert changed != text
    certificate.write_text(changed, encoding="utf-8")
    code, out, err = tell(capsys, "verify-certificate", str(certificate), *(["--json"] if as_json else []))
    assert (code, "not true" in err) == (2, True)
    if as_json:
        assert json.loads(out) == {"true": False, "reason": json.loads(out)["reason"]}
        assert json.loads(out)["reason"]


def test_another_key_than_expected(certificate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = "A" * 43 + "="
    code, out, _ = tell(capsys, "verify-certificate", str(certificate), "--key", other, "--json")
    assert (code, json.loads(out)["true"]) == (2, False)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1", b"\xff\xfe", b'{"a": 1.5}'])
def test_what_is_no_certificate(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(content)
    code, _, err = tell(capsys, "verify-certificate", str(file), "--json")
    assert code in (2, 64)
    assert err
    assert tell(capsys, "verify-certificate", str(tmp_path / "none"), "--json")[0] == 64


def test_the_public_key_is_one_and_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = tell(capsys, "public-key", "--json")
    assert (code, json.loads(out)) == (0, {"public_key": public_key(), "id": key_id(public_key())})
    assert tell(capsys, "public-key")[1].splitlines() == [public_key(), key_id(public_key())]


def test_the_recovery_sheet_is_alike_on_command_line_and_api_and_on_the_record(
    capsys: pytest.CaptureFixture[str],
) -> None:
    policy = open_policy()
    key = actions.repository_key(policy)
    repository(policy)
    code, out, _ = tell(capsys, "key-sheet", "shop/nightly", "--json")
    sheet = json.loads(out)
    assert (code, sheet["key"], sheet["name"]) == (0, key, "BACKUP_KEY_SHOP__NIGHTLY")
    assert sheet["repositories"] == [{"store": "vault", "kind": "directory", "identifier": "shop/nightly-vault"}]
    asked = post(by_api(Role.ADMINISTRATOR), policy=str(policy))
    assert (asked.status_code, asked.json()) == (200, sheet)
    words = tell(capsys, "key-sheet", "shop/nightly")[1]
    assert f"BACKUP_KEY_SHOP__NIGHTLY={key}" in words
    assert "mainstay secret set BACKUP_KEY_SHOP__NIGHTLY" in words
    assert [one.object for one in Record.objects.filter(act="backup.key")] == ["shop/nightly"] * 3
    assert not any(key in json.dumps(one.data) for one in Record.objects.all())


def post(client: Client, **body: Any) -> Any:
    return client.post(PATH, json.dumps(body), content_type="application/json")


def test_the_recovery_sheet_is_for_administrators(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = open_policy()
    key = actions.repository_key(policy)
    monkeypatch.setenv("MAINSTAY_TOKEN", create_token(name="a", role=Role.APPROVER, actor=ROOT)[1])
    with pytest.raises(Denied):
        tell(capsys, "key-sheet", "shop/nightly", "--json")
    assert key not in capsys.readouterr().out
    assert post(by_api(Role.APPROVER), policy=str(policy)).status_code == 403


def test_a_sheet_of_what_is_not_there_or_whose_key_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = tell(capsys, "key-sheet", "shop/none", "--json")
    assert (code, "there is no backup policy shop/none" in err) == (64, True)
    repository(open_policy())  # with copies somewhere, and no key: never a second one beside them
    code, out, err = tell(capsys, "key-sheet", "shop/nightly", "--json")
    assert (code, out, "set it from its recovery sheet" in err) == (64, "", True)
