"""How Mainstay itself is backed up, on the page and by API, and a copy now; for administrators."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from mainstay.catalogue import actions as catalogue
from mainstay.domain.actor import ENGINE, Role
from mainstay.domain.own_copy import Manifest
from mainstay.drivers import own_archive, sealed_file
from mainstay.own_copies.models import OwnCopy
from mainstay.settings import CONFIGURATION
from tests.faces.two_systems import Who, person, token

pytestmark = pytest.mark.django_db
PAGE, API = "/settings/own-copies/", "/api/v1/own-copies"


@pytest.fixture
def client() -> Client:
    made = Client()
    made.force_login(person(Who(Role.ADMINISTRATOR)), backend="django.contrib.auth.backends.ModelBackend")
    return made


@pytest.fixture
def program() -> Client:
    return Client(headers={"authorization": f"Bearer {token(Who(Role.ADMINISTRATOR))}"})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(CONFIGURATION.own_copies, "directory", str(tmp_path))
    whole = Manifest("0.0.9", "0.1.0", datetime(2026, 1, 31, 12, tzinfo=UTC), "sqlite", (), (0, ""))
    own_archive.write(tmp_path / "x.owncopy", tmp_path, whole, sealed_file.by_key("1", b"k" * 32))
    (tmp_path / "damaged.owncopy").write_bytes(b"mainstay sealed 1\n\xff\xff\xff\xff")
    (tmp_path / "foreign.owncopy").write_bytes(b"")
    return tmp_path


def test_without_a_directory_it_says_what_to_do(client: Client, program: Client) -> None:
    text = client.get(PAGE).content.decode()
    assert "under own_copies" in text
    assert "Copy now" not in text
    told = program.get(API).json()
    assert (told["directory"], told["copies"], told["next_at"]) == ("", [], None)
    assert program.post(API).status_code == 409


def test_the_newest_is_shown_and_one_is_asked_for(client: Client, program: Client, folder: Path) -> None:
    text = client.get(PAGE).content.decode()
    assert all(word in text for word in (str(folder), "x.owncopy", "0.0.9", "OWN_COPY_PASSPHRASE", "Copy now"))
    assert "damaged.owncopy" not in text
    refused = program.post(API)
    assert (refused.status_code, "mainstay secret set OWN_COPY_PASSPHRASE" in refused.json()["detail"]) == (409, True)
    catalogue.set_secret("OWN_COPY_PASSPHRASE", "correct horse battery", actor=ENGINE)
    assert client.post(f"{PAGE}now").status_code == 302
    asked: dict[str, Any] = program.post(API).json()
    assert asked["state"] == "waiting"
    assert OwnCopy.objects.count() == 1, "what waits is not asked for twice"
    assert "being made" in client.get(PAGE).content.decode()
    told = program.get(API).json()
    assert [one["name"] for one in told["copies"]] == ["x.owncopy"]
    assert told["under_way"] == asked
    assert "correct horse" not in json.dumps(told)


def test_a_failure_is_shown(client: Client, program: Client, folder: Path) -> None:
    OwnCopy.objects.create(
        asked_at=datetime.now(UTC), asked_by="engine", state="failed", worker="a", ended_at=datetime.now(UTC),
        problem="no room left",
    )  # fmt: skip
    assert "no room left" in client.get(PAGE).content.decode()
    assert program.get(API).json()["last"]["problem"] == "no room left"
