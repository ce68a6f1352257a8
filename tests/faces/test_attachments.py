"""Files on incidents, by page, API and command line: kept whole, given back harmless, refused when too large."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mainstay.audit.models import Record
from mainstay.domain import attachment as rules
from mainstay.domain.actor import Actor, Role
from mainstay.incidents.actions import open_by_hand
from mainstay.incidents.models import Attachment, Content, Entry
from tests.faces.test_api import call, client, shop
from tests.faces.test_cli import Shell, shell
from tests.faces.test_web import person

__all__ = ["shell", "shop"]  # fixtures of the neighbours
ROOT = Actor("test", Role.ADMINISTRATOR)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
PAGE = b"<!doctype html><script>alert(1)</script>"


@pytest.fixture
def number(shop: Client) -> int:
    return open_by_hand(system="shop", title="x", category="data", level=3, text="", actor=ROOT).pk


def form(*files: tuple[str, bytes], text: str = "") -> dict[str, Any]:
    return {"text": text, "files": [SimpleUploadedFile(name, content) for name, content in files]}


@pytest.mark.django_db
def test_a_photo_goes_in_by_the_page_and_comes_out_whole(number: int) -> None:
    who = person(Role.OPERATOR)
    sent = form(("disk.png", PNG), ("说明.txt", "磁盘满".encode()), text="the disk")
    assert who.post(f"/incidents/{number}/note", sent, follow=True).status_code == 200
    page = who.get(f"/incidents/{number}/").content.decode()
    picture, words = Attachment.objects.order_by("pk")
    address = f"/incidents/{number}/files/{picture.pk}"
    assert f'<img src="{address}"' in page
    assert f'<img src="/incidents/{number}/files/{words.pk}"' not in page
    assert "说明.txt" in page
    answer = who.get(address)
    assert answer.content == PNG
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "script-src" not in answer["Content-Security-Policy"]
    assert answer["Content-Disposition"] == 'attachment; filename="disk.png"'
    assert who.get(f"/incidents/{number}/files/{words.pk}")["Content-Disposition"].startswith(
        "attachment; filename*=utf-8''%E8"
    )


@pytest.mark.django_db
def test_what_looks_like_a_page_is_never_one(number: int) -> None:
    who = person(Role.OPERATOR)
    hostile = SimpleUploadedFile('x"\r\nSet-Cookie: a=1;.svg', PAGE, content_type="text/html")
    who.post(f"/incidents/{number}/note", {"text": "", "files": [hostile]})
    answer = who.get(f"/incidents/{number}/files/{Attachment.objects.get().pk}")
    assert answer["Content-Type"] == "text/plain"
    assert answer["Content-Disposition"].startswith("attachment")
    assert "a" not in answer.cookies
    assert "<img" not in who.get(f"/incidents/{number}/").content.decode()


@pytest.mark.django_db
def test_the_api_takes_both_forms(number: int, shop: Client) -> None:
    path = f"/api/v1/incidents/{number}"
    body = {"text": "", "files": [{"name": "../a.bin", "content": base64.b64encode(b"\0\1").decode()}]}
    (first,) = call(shop, "post", f"{path}/note", body).json()["files"]
    digest = hashlib.sha256(b"\0\1").hexdigest()
    assert first == {
        "id": first["id"], "name": "a.bin", "kind": "application/octet-stream", "size": 2, "sha256": digest,
    }  # fmt: skip
    (second,) = shop.post(f"{path}/note", form(("b.png", PNG))).json()["files"]
    assert second["kind"] == "image/png"
    timeline = shop.get(path).json()["timeline"]
    assert [[file["name"] for file in one["files"]] for one in timeline] == [[], ["a.bin"], ["b.png"]]
    answer = shop.get(f"{path}/files/{second['id']}")
    assert (answer.content, answer["Content-Type"]) == (PNG, "application/octet-stream")
    record = Record.objects.filter(act="incident.note").order_by("number").first()
    assert record is not None
    assert record.data["files"][0]["sha256"] == digest
    assert call(shop, "post", f"{path}/note", {"files": [{"name": "x", "content": "?"}]}).status_code == 422
    assert call(shop, "post", f"{path}/note", {}).status_code == 409


@pytest.mark.django_db
def test_too_much_is_refused_and_nothing_of_it_is_kept(
    number: int, shop: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "LARGEST", 100)
    monkeypatch.setattr(rules, "MOST", 150)
    path = f"/api/v1/incidents/{number}/note"
    for name, size, code in (("a", 101, 413), ("b", 100, 200), ("c", 51, 413), ("d", 50, 200), ("e", 1, 413)):
        answer = shop.post(path, form((name, b"x" * size), text="t"))
        assert answer.status_code == code, (name, answer.content)
        assert code == 200 or "MB" in answer.json()["detail"]
    assert list(Attachment.objects.values_list("name", flat=True)) == ["b", "d"]
    assert Content.objects.count() == Entry.objects.filter(word="note").count() == 2
    who = person(Role.OPERATOR)
    told = who.post(f"/incidents/{number}/note", form(("f.png", b"x" * 101)), follow=True).content.decode()
    assert "f.png has 0.1 MB; a file may have 0.1 MB at most" in told


@pytest.mark.django_db
def test_a_note_takes_ten_files(number: int, shop: Client) -> None:
    path = f"/api/v1/incidents/{number}/note"
    assert shop.post(path, form(*((f"{n}", b"x") for n in range(11)))).status_code in (413, 422)
    assert shop.post(path, form(*((f"{n}", b"x") for n in range(10)))).status_code == 200


@pytest.mark.django_db
def test_a_file_belongs_to_its_incident(number: int, shop: Client) -> None:
    other = open_by_hand(system="shop", title="y", category="data", level=3, text="", actor=ROOT).pk
    (file,) = shop.post(f"/api/v1/incidents/{number}/note", form(("a", b"x"))).json()["files"]
    assert shop.get(f"/api/v1/incidents/{other}/files/{file['id']}").status_code == 404
    assert shop.get(f"/api/v1/incidents/{number}/files/{file['id']}").status_code == 200
    assert person(Role.VIEWER).get(f"/incidents/{other}/files/{file['id']}").status_code == 404
    assert client(None).get(f"/api/v1/incidents/{number}/files/{file['id']}").status_code == 401


def test_by_command_line(shell: Shell, tmp_path: Path) -> None:
    number = str(shell.json("incident", "open", "shop", "The disk is full")["id"])
    (tmp_path / "x.png").write_bytes(PNG)
    code, out, _ = shell("incident", "note", number, "see", "--file", str(tmp_path / "x.png"), "--json")
    assert code == 0
    (file,) = json.loads(out)["files"]
    assert f"file {file['id']}: x.png, {len(PNG)} bytes" in shell("incident", "show", number)[1]
    saved = tmp_path / "y.png"
    assert shell("incident", "file", number, str(file["id"]), "--out", str(saved))[0] == 0
    assert saved.read_bytes() == PNG
    code, _, err = shell("incident", "file", number, "999")
    assert (code, "has no file 999" in err) == (64, True)
    assert shell("incident", "note", number)[0] == 64
