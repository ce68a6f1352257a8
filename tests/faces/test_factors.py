"""The second factor: set up, asked for, good once, sealed at rest, required by role, reset."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest
from django.db import connection
from django.test import Client

from mainstay.audit.models import Record
from mainstay.catalogue.actions import rotate_secrets
from mainstay.domain.actor import Actor, Role
from mainstay.domain.one_time_code import STEP, matching_step
from mainstay.people import actions
from mainstay.people.models import Passkey, Person, RecoveryCode, Totp
from mainstay.settings import CONFIGURATION

pytestmark = pytest.mark.django_db
ROOT = Actor("test", Role.ADMINISTRATOR)
PASSWORD = "correct-horse-battery"


@pytest.fixture
def ann() -> Person:
    return actions.add_person(username="ann", password=PASSWORD, role=Role.OPERATOR, actor=ROOT)


def at_the_door(**more: Any) -> Any:
    who = Client()
    return who, who.post("/sign-in/", {"username": "ann", "password": PASSWORD, **more})


def set_up() -> tuple[str, list[str], Client]:
    """As a person does it on the page: the secret, the recovery codes, and who did it."""
    who, _ = at_the_door()
    who.post("/account/factor/begin")
    page = who.get("/account/factor/").content.decode()
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
    assert secret
    assert "data:image/svg" in page
    text = secret[1].replace(" ", "")
    answer = who.post("/account/factor/", {"code": code(text, -1)})
    codes = re.search(r'id="codes">([^<]+)<', answer.content.decode())
    assert codes
    assert answer["Cache-Control"] == "no-store"
    return text, codes[1].split(), who


def code(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=steps)


@pytest.mark.parametrize(("off", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_is_good_for_its_step_and_the_neighbours(off: int, good: bool) -> None:
    """With the test vector of RFC 6238: 07081804 at 1111111109 s."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert matching_step(secret, "081804", 1111111109 - off * STEP) == (37037036 if good else None)


@pytest.mark.parametrize("text", ["", "08180", "0818044", "08180٤", "abcdef", "²81804"])
def test_what_is_no_code_is_none(text: str) -> None:
    assert matching_step("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", text, 1111111109) is None


def test_the_password_alone_opens_no_more(ann: Person) -> None:
    secret, _, _ = set_up()
    who, answer = at_the_door()
    assert answer["Location"] == "/sign-in/second/"
    assert who.get("/today/").status_code == 302
    assert who.post("/sign-in/second/", {"code": "000000"}).status_code == 200
    assert who.get("/today/").status_code == 302
    assert who.post("/sign-in/second/", {"code": code(secret)})["Location"] == "/today/"
    assert who.get("/today/").status_code == 200
    assert Record.objects.filter(act="account.sign-in", data__by="code").count() == 1


def test_a_code_opens_once(ann: Person) -> None:
    secret, _, _ = set_up()
    used = code(secret)
    who, _ = at_the_door()
    assert who.post("/sign-in/second/", {"code": used}).status_code == 302
    other, _ = at_the_door()
    assert other.post("/sign-in/second/", {"code": used}).status_code == 200
    assert other.get("/today/").status_code == 302


def test_a_recovery_code_opens_once(ann: Person) -> None:
    _, codes, _ = set_up()
    assert len(set(codes)) == actions.factors.RECOVERY_CODES
    who, _ = at_the_door()
    assert who.post("/sign-in/second/", {"code": codes[3].upper().replace("-", " ")}).status_code == 302
    other, _ = at_the_door()
    assert other.post("/sign-in/second/", {"code": codes[3]}).status_code == 200


def test_wrong_codes_lock_the_second_door_and_the_first(ann: Person) -> None:
    secret, codes, _ = set_up()
    who, _ = at_the_door()
    answers = [who.post("/sign-in/second/", {"code": "no"}).status_code for _ in range(5)]
    assert answers[-1] == 429
    assert who.post("/sign-in/second/", {"code": code(secret)}).status_code == 429
    assert who.post("/sign-in/second/", {"code": codes[0]}).status_code == 429
    assert at_the_door()[1].status_code == 429


def test_the_second_door_does_not_wait_for_ever(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, _, _ = set_up()
    monkeypatch.setattr("mainstay.web.entering.PATIENCE", 0.0)
    who, _ = at_the_door()
    assert who.post("/sign-in/second/", {"code": code(secret)})["Location"] == "/sign-in/"
    assert who.get("/today/").status_code == 302


def test_nothing_that_opens_is_in_the_database_or_the_trail(ann: Person) -> None:
    secret, codes, _ = set_up()
    with connection.cursor() as cursor:
        kept = ""
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'select * from "{table}"')
            kept += repr([[bytes(one) if isinstance(one, memoryview) else one for one in row] for row in cursor])
    assert "ann" in kept
    for text in (secret, *codes, *(one.replace("-", "") for one in codes)):
        assert text not in kept


def test_new_keys_seal_what_the_old_ones_did(ann: Person) -> None:
    secret, _, _ = set_up()
    before = Totp.objects.get().key_id
    rotate_secrets(actor=ROOT)
    assert Totp.objects.get().key_id != before
    assert actions.prove(ann, code(secret), datetime.now(UTC)) == "code"


def test_a_sealed_secret_opens_for_its_person_only(ann: Person) -> None:
    secret, _, _ = set_up()
    bob = actions.add_person(username="bob", password=PASSWORD, role=Role.ADMINISTRATOR, actor=ROOT)
    Totp.objects.update(person=bob)
    with pytest.raises(actions.Refused, match="cannot be opened"):
        actions.prove(bob, code(secret), datetime.now(UTC))


@pytest.mark.parametrize(("least", "stopped"), [("", False), ("operator", True), ("approver", False), ("viewer", True)])
def test_a_role_may_need_it(ann: Person, monkeypatch: pytest.MonkeyPatch, least: str, stopped: bool) -> None:
    monkeypatch.setattr(CONFIGURATION, "second_factor", least)
    who, _ = at_the_door()
    for path in ("/today/", "/account/"):
        answer = who.get(path)
        assert (answer.status_code, answer.headers.get("Location")) == (
            (302, "/account/factor/") if stopped else (200, None)
        )
    assert who.get("/api/v1/systems").status_code == (403 if stopped else 200)
    assert who.get("/account/factor/").status_code == 200


def test_who_sets_it_up_goes_on(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CONFIGURATION, "second_factor", "operator")
    _, _, who = set_up()
    assert who.get("/today/").status_code == 200
    assert who.get("/api/v1/systems").status_code == 200
    who.post("/account/factor/remove")
    assert Totp.objects.exists(), "the role needs it"


def test_a_session_of_before_is_asked_again(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    early, _ = at_the_door()
    set_up()
    assert early.get("/today/").status_code == 200
    monkeypatch.setattr(CONFIGURATION, "second_factor", "operator")
    assert early.get("/today/")["Location"] == "/sign-in/second/"
    assert early.get("/account/factor/")["Location"] == "/sign-in/second/"


@pytest.mark.parametrize("path", ["/account/factor/", "/account/passkeys/new/"])
def test_an_old_session_is_asked_for_the_password(ann: Person, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    who, _ = at_the_door()
    assert who.get(path).status_code == 200
    monkeypatch.setattr("mainstay.web.entering.FRESH", 0.0)
    asked = who.get(path)["Location"]
    assert asked.startswith("/account/prove/?next=")
    assert who.post("/account/factor/begin")["Location"].startswith("/account/prove/")
    assert not Totp.objects.exists()
    assert who.post(asked, {"password": "no", "next": path}).status_code == 200
    assert who.post(asked, {"password": PASSWORD, "next": path})["Location"] == path
    assert who.post(asked, {"password": PASSWORD, "next": "https://evil.example/"})["Location"] == "/account/"


def test_removing_the_last_factor_removes_the_recovery_codes(ann: Person) -> None:
    _, codes, who = set_up()
    assert who.post("/account/factor/remove").status_code == 302
    assert not RecoveryCode.objects.exists()
    assert actions.prove(ann, codes[0], datetime.now(UTC)) is None
    assert at_the_door()[1]["Location"] == "/today/"


def test_new_recovery_codes_void_the_old(ann: Person) -> None:
    _, codes, who = set_up()
    assert 'id="codes"' in who.post("/account/recovery-codes").content.decode()
    assert actions.prove(ann, codes[0], datetime.now(UTC)) is None


def test_an_administrator_resets_it(ann: Person) -> None:
    _, _, who = set_up()
    boss = Client()
    actions.add_person(username="boss", password=PASSWORD, role=Role.ADMINISTRATOR, actor=ROOT)
    boss.post("/sign-in/", {"username": "boss", "password": PASSWORD})
    assert boss.post("/people/of/ann/reset-factor").status_code == 302
    assert not Totp.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert who.get("/today/").status_code == 302, "who held the old factor is signed out"
    assert at_the_door()[1]["Location"] == "/today/"


def test_a_copied_passkey_is_noticed(ann: Person) -> None:
    row = Passkey.objects.create(
        person=ann, name="k", handle="h", sealed=b"", key_id="", count=7, added_at=datetime.now(UTC)
    )
    actions.passkey_used(row, 8, datetime.now(UTC))
    with pytest.raises(actions.Refused, match="copied"):
        actions.passkey_used(row, 8, datetime.now(UTC))


CEREMONIES = (
    ("/sign-in/passkey/options", "/sign-in/passkey"), ("/account/passkeys/options", "/account/passkeys/add"),
)  # fmt: skip
ANSWERS = [
    b"", b"[]", b"null", b"{}", b"{", b'{"rawId": 7}', b'{"rawId": "AA"}', b"[" * 10_000, b"\xff",
    json.dumps({"rawId": "AAAA", "id": "AAAA", "type": "public-key", "response": {"clientDataJSON": "x"}}).encode(),
    b'{"a": "' + b"x" * 30_000 + b'"}',
]  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_what_is_no_passkeys_answer_opens_nothing(ann: Person, answer: bytes) -> None:
    who, _ = at_the_door()
    for options, finish in CEREMONIES:
        assert who.post(options).json()["publicKey"]["challenge"]
        assert who.post(finish, answer, content_type="application/json").status_code == 400
        assert who.post(finish, answer, content_type="application/json").status_code == 400, "a challenge is good once"
    assert not Passkey.objects.exists()
