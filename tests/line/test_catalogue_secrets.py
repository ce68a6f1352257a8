"""Secrets: sealed at rest, filled in for the checker, and seen nowhere else."""

import io
import json
import os
import stat
from pathlib import Path

import pytest
from django.core.management import call_command

from mainstay.audit.models import Record
from mainstay.catalogue import actions, export, queries, secret_book
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Channel, Secret
from mainstay.domain.actor import Actor, Denied, Role
from mainstay.domain.placeholder import Unfilled
from mainstay.sealing import KeyRing, SealBroken, seal, unseal

ALICE = Actor("person:alice", Role.ADMINISTRATOR)
CANARY = "canary-7f3a9c-Zürich"
SHOP = """\
system: shop
timezone: Asia/Shanghai
calendar: cn
components:
  db: {kind: postgresql, dsn: "postgresql://care:${CANARY_PASSWORD}@db/shop"}
checks:
  job:
    probe: {kind: heartbeat, on: db, period: "${CANARY_PASSWORD}"}
    every: 20s
    during: Mon-Fri 09:00-18:00
    warn: late > 5m
  other: {probe: {kind: heartbeat, period: 1h}, every: 4s, missing: 1m, evidence: 7, mask: [name]}
"""
CALENDAR = "calendars: {cn: {holidays: [2027-01-01]}}\n"


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyRing:
    ring = KeyRing(tmp_path / "keys")
    monkeypatch.setattr(secret_book, "RING", ring)
    monkeypatch.setattr(actions, "RING", ring)
    return ring


def apply() -> None:
    texts = {"shop.yaml": SHOP.encode(), "calendars.yaml": CALENDAR.encode()}
    actions.apply(examine(texts, books={}).catalogue, actor=ALICE)


def test_a_sealed_value_opens_under_its_name_only(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys")
    sealed, key_id = seal("SHOP", CANARY, ring)
    assert CANARY.encode() not in sealed
    assert unseal("SHOP", sealed, key_id, ring) == CANARY
    assert unseal("SHOP", sealed, key_id, KeyRing(tmp_path / "keys")) == CANARY
    with pytest.raises(SealBroken, match="the secret OTHER was changed or moved since it was sealed"):
        unseal("OTHER", sealed, key_id, ring)


def test_any_changed_byte_is_noticed(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys")
    sealed, key_id = seal("SHOP", CANARY, ring)
    for place in range(len(sealed)):
        broken = bytearray(sealed)
        broken[place] ^= 1
        with pytest.raises(SealBroken):
            unseal("SHOP", bytes(broken), key_id, ring)
    for length in (0, 1, 50, len(sealed) - 1):
        with pytest.raises(SealBroken):
            unseal("SHOP", sealed[:length], key_id, ring)


def test_two_seals_of_one_value_differ(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys")
    assert seal("SHOP", CANARY, ring)[0] != seal("SHOP", CANARY, ring)[0]


def test_the_key_file_is_the_owners_alone(tmp_path: Path) -> None:
    directory = tmp_path / "keys"
    sealed, key_id = seal("SHOP", CANARY, KeyRing(directory))
    file = directory / f"{key_id}.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    file.chmod(0o644)
    with pytest.raises(SealBroken, match="may be read by others; run: chmod 600"):
        unseal("SHOP", sealed, key_id, KeyRing(directory))
    file.chmod(0o600)
    file.write_bytes(b"short")
    with pytest.raises(SealBroken, match="is damaged; bring it back from a backup"):
        unseal("SHOP", sealed, key_id, KeyRing(directory))
    file.unlink()
    with pytest.raises(SealBroken, match="bring it back from a backup"):
        unseal("SHOP", sealed, key_id, KeyRing(directory))


@pytest.mark.django_db
def test_rotation_seals_anew_and_drops_the_old_key(ring: KeyRing) -> None:
    actions.set_secret("FIRST", "one", actor=ALICE)
    actions.set_secret("SECOND", "two", actor=ALICE)
    old, rows = ring.ids(), dict(Secret.objects.values_list("name", "sealed"))
    assert actions.rotate_secrets(actor=ALICE) == 2
    assert len(ring.ids()) == 1
    assert ring.ids() != old
    assert all(bytes(rows[one.name]) != bytes(one.sealed) for one in Secret.objects.all())
    assert [secret_book.SecretBook().value(name) for name in ("FIRST", "SECOND")] == ["one", "two"]


@pytest.mark.django_db
def test_a_rotation_that_fails_loses_nothing(ring: KeyRing) -> None:
    actions.set_secret("FIRST", "one", actor=ALICE)
    actions.set_secret("SECOND", "two", actor=ALICE)
    Secret.objects.filter(name="SECOND").update(sealed=b"\x01" + b"x" * 100)
    with pytest.raises(SealBroken, match="the secret SECOND was changed"):
        actions.rotate_secrets(actor=ALICE)
    assert secret_book.SecretBook().value("FIRST") == "one"


@pytest.mark.django_db
def test_rows_that_were_swapped_do_not_open(ring: KeyRing) -> None:
    actions.set_secret("FIRST", "one", actor=ALICE)
    actions.set_secret("SECOND", "two", actor=ALICE)
    Secret.objects.filter(name="FIRST").update(sealed=Secret.objects.get(name="SECOND").sealed)
    with pytest.raises(Unfilled, match="the secret FIRST was changed or moved"):
        secret_book.SecretBook().value("FIRST")


@pytest.mark.django_db
def test_the_environment_comes_first_but_never_our_own(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    actions.set_secret("SHOP_PASSWORD", "stored", actor=ALICE)
    assert secret_book.SecretBook().value("SHOP_PASSWORD") == "stored"
    monkeypatch.setenv("SHOP_PASSWORD", "environment")
    assert secret_book.SecretBook().value("SHOP_PASSWORD") == "environment"
    monkeypatch.setenv("MAINSTAY_DATABASE", "postgresql://care:secret@db/mainstay")
    with pytest.raises(Unfilled, match="has no value; give it with: mainstay secret set MAINSTAY_DATABASE"):
        secret_book.SecretBook().value("MAINSTAY_DATABASE")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("shop", "x", "'shop' is not a name for a secret; write capitals, digits and _, such as SHOP_DB_DSN"),
        ("1A", "x", "'1A' is not a name for a secret"),
        ("SHOP", "", "the value of SHOP must have 1 to 65536 characters"),
        ("SHOP", CANARY * 10_000, "the value of SHOP must have 1 to 65536 characters"),
        ("SHOP", "a\x00b", "no zero byte"),
    ],
)
def test_what_is_no_secret(ring: KeyRing, name: str, value: str, message: str) -> None:
    with pytest.raises(actions.Refused) as refused:
        actions.set_secret(name, value, actor=ALICE)
    assert message in str(refused.value)
    assert CANARY not in str(refused.value)


@pytest.mark.django_db
def test_only_an_administrator_touches_secrets(ring: KeyRing) -> None:
    bob = Actor("person:bob", Role.APPROVER)
    for act in (
        lambda: actions.set_secret("A", "x", actor=bob),
        lambda: actions.delete_secret("A", actor=bob),
        lambda: actions.rotate_secrets(actor=bob),
    ):
        with pytest.raises(Denied):
            act()


@pytest.mark.django_db
def test_a_check_without_its_value_says_what_to_do(ring: KeyRing) -> None:
    apply()
    first, second = queries.specs()
    message = "${CANARY_PASSWORD} has no value; give it with: mainstay secret set CANARY_PASSWORD"
    assert (first.setup_problem, second.setup_problem) == (message, "")


@pytest.mark.django_db
def test_a_new_value_makes_a_new_revision_so_that_the_checker_reloads(ring: KeyRing) -> None:
    apply()
    before = queries.revision()
    actions.set_secret("CANARY_PASSWORD", "10m", actor=ALICE)
    assert queries.revision() == before + 1
    first, second = queries.specs()
    assert first.settings == {"period": "10m"}
    assert first.component == {"kind": "postgresql", "dsn": "postgresql://care:10m@db/shop"}
    assert first.setup_problem == ""
    assert (first.path, first.every, first.timeout, first.missing) == ("shop/job", 20.0, 10.0, 60.0)
    assert (second.every, second.timeout, second.missing, second.evidence, second.mask) == (
        4.0,
        4.0,
        60.0,
        7,
        ("name",),
    )
    assert (first.rule.primary, first.rule.zone.key, len(first.rule.book.holidays)) == ("late", "Asia/Shanghai", 1)
    assert [condition.text for condition in first.rule.warn] == ["late > 5m"]
    assert first.rule.hours.spans
    actions.delete_secret("CANARY_PASSWORD", actor=ALICE)
    assert queries.revision() == before + 2
    assert queries.specs()[0].setup_problem


@pytest.mark.django_db
def test_a_planted_value_is_found_nowhere(ring: KeyRing, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    actions.set_secret("CANARY_PASSWORD", CANARY, actor=ALICE)
    apply()
    spec = queries.specs()[0]
    assert spec.component["dsn"] == f"postgresql://care:{CANARY}@db/shop"  # the probe gets it, and nobody else
    assert spec.setup_problem == "the value filled into period does not fit"
    actions.rotate_secrets(actor=ALICE)
    Secret.objects.update(name="MOVED")
    channel = Channel.objects.create(name="c", kind="webhook", settings={"url": "http://${MOVED}/"})
    with pytest.raises(Unfilled) as unfilled:
        queries.channel_settings(channel)
    dump = io.StringIO()
    call_command("dumpdata", stdout=dump)
    seen = "\n".join([
        dump.getvalue(),
        caplog.text,
        json.dumps(export.files()),
        str(unfilled.value),
        spec.setup_problem,
        "\n".join(str(record.data) for record in Record.objects.all()),
        *(bytes(secret.sealed).decode("latin-1") for secret in Secret.objects.all()),
    ])  # fmt: skip
    for form in (CANARY, json.dumps(CANARY)[1:-1], CANARY.encode().decode("latin-1")):
        assert form not in seen


@pytest.mark.django_db
def test_a_channels_settings_are_filled(ring: KeyRing) -> None:
    actions.set_secret("HOOK", CANARY, actor=ALICE)
    channel = Channel.objects.create(name="c", kind="webhook", settings={"url": "http://x/${HOOK}", "n": 1})
    assert queries.channel_settings(channel) == {"url": f"http://x/{CANARY}", "n": 1}
    assert "HOOK" not in os.environ
