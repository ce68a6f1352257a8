"""Restores on three faces: asked for, approved by a second person, read; and the manual's own commands are run."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from mainstay.backups import queries
from mainstay.backups.models import Copy, Restore
from mainstay.cli import backup_restores
from mainstay.cli.main import load
from mainstay.domain.actor import Role
from mainstay.engine import restoring
from mainstay.engine.jobs import landing
from mainstay.people.actions import create_token
from mainstay.people.models import Person
from mainstay.web.entering import BACKEND
from tests.line.copied_shop import ROOT, Shop, work_in
from tests.line.test_restores import WHY, asked, finished
from tests.servers import program

pytestmark = pytest.mark.django_db
MANUAL = Path(__file__).resolve().parents[2] / "docs" / "manual" / "backups.md"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    program("restic")
    work_in(tmp_path, monkeypatch)
    for module in (landing, restoring):
        monkeypatch.setattr(module, "ROOTS", (str(tmp_path / "restored"),))
    shop = Shop(tmp_path, prove={"after_each": False})
    shop.run()
    return shop


def on_pages(name: str, role: Role = Role.APPROVER) -> Client:
    client = Client()
    client.force_login(Person.objects.create(username=name, role=role, password="!"), backend=BACKEND)
    return client


def by_api(role: Role = Role.APPROVER) -> Client:
    _, text = create_token(name=f"t-{role.name}", role=role, actor=ROOT)
    return Client(headers={"authorization": f"Bearer {text}"})


def post(client: Client, address: str, body: dict[str, Any]) -> Any:
    return client.post(address, json.dumps(body), content_type="application/json")


def test_two_people_on_the_pages(shop: Shop) -> None:
    bob, eve, low = on_pages("bob"), on_pages("eve"), on_pages("low", Role.OPERATOR)
    shop.change("delete from ledger where id > 10")
    copy = Copy.objects.get()
    page = bob.get(f"/backups/restores/new/?policy=shop/nightly&copy={copy.pk}").content.decode()
    assert "What would be lost" in page
    assert '<td>ledger</td><td class="num">80</td><td class="num">10</td><td class="num">-70</td>' in page
    form = {"policy": "shop/nightly", "copy": copy.pk, "to": "live", "target": "", "only": "", "reason": ""}
    assert "/data.sqlite3" in bob.get(f"/backups/copies/{copy.pk}/files/").content.decode()
    refused = bob.post("/backups/restores/ask", {**form, "to": "directory", "target": "/etc/x"})
    assert "restores may be written below" in refused.content.decode()
    assert 'value="/etc/x"' in refused.content.decode(), "what was filled in stays"
    asked = bob.post("/backups/restores/ask", {**form, "reason": WHY})
    row = Restore.objects.get()
    where = f"/backups/restores/{row.pk}/"
    assert asked["Location"] == where
    for client, offered in ((bob, ["Abort"]), (eve, ["Approve", "Abort"]), (low, [])):
        shown = client.get(where).content.decode()
        assert re.findall(r"<summary>(Approve|Abort)</summary>", shown) == offered
        assert WHY in shown
    asks = {client: WHY in client.get("/today/").content.decode() for client in (bob, eve, low)}
    assert asks == {bob: False, eve: True, low: False}
    assert low.get("/backups/restores/new/").status_code == 403
    assert low.post(f"{where}approve", {"seal": row.seal}).status_code == 403
    bob.post(f"{where}approve", {"seal": row.seal})
    eve.post(f"{where}approve", {"seal": "wrong"})
    assert queries.restore(row.pk).state == "asked"
    eve.post(f"{where}approve", {"seal": row.seal})
    assert queries.restore(row.pk).state == "safety"
    assert "Maintenance is under way" not in Client().get("/status/").content.decode()  # the system is not shown there
    row = finished(row)
    shown = bob.get(where).content.decode()
    assert ("the target holds what was copied" in shown, row.state) == (True, "done")
    assert shown.index("eve · approved") < shown.index("the fresh copy is whole") < shown.index("Mainstay · restored")


def test_by_api_and_on_the_command_line_alike(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    client, copy = by_api(), Copy.objects.get()
    shop.change("delete from ledger where id > 10")
    seen = client.get(f"/api/v1/backups/copies/{copy.pk}/preview").json()
    assert {one["name"]: one["more"] for one in seen["rows"]}["ledger"] == "-70"
    load("backup").main(["restore-preview", str(copy.pk), "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["rows"] == seen["rows"]
    held = client.get(f"/api/v1/backups/copies/{copy.pk}/contents").json()["items"]
    assert [one["path"] for one in held] == ["/data.sqlite3"]
    load("backup").main(["restore-files", str(copy.pk), "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["items"] == held
    target = shop.folder / "restored" / "x"
    body = {"policy": "shop/nightly", "to": "directory", "target": str(target)}
    made = post(client, "/api/v1/backups/restores", body).json()
    assert (made["state"], made["asked_by"].partition(":")[0], made["story"][0]["word"]) == (
        "running",
        "token",
        "asked",
    )
    assert post(client, "/api/v1/backups/restores", body).status_code == 409
    finished(queries.restore(made["id"]))
    load("backup").main(["restore-show", str(made["id"]), "--json"], standalone_mode=False)
    printed = json.loads(capsys.readouterr().out)
    shown = client.get(f"/api/v1/backups/restores/{made['id']}").json()
    assert (printed["state"], printed["place"], printed["story"]) == ("done", "restored", shown["story"])
    load("backup").main(["restores", "--json"], standalone_mode=False)
    listed = client.get("/api/v1/backups/restores?state=done").json()
    assert json.loads(capsys.readouterr().out)["count"] == listed["count"] == 1
    told = post(client, "/api/v1/backups/restores", {"policy": "shop/nightly", "to": "live", "reason": WHY})
    assert (told.status_code, "a token cannot" in told.json()["detail"]) == (409, True)
    row = asked("live", reason=WHY)
    told = post(client, f"/api/v1/backups/restores/{row.pk}/approve", {"seal": row.seal})
    assert (told.status_code, "a token cannot" in told.json()["detail"]) == (409, True)
    told = post(client, f"/api/v1/backups/restores/{row.pk}/abort", {"reason": "no"})
    assert (told.json()["state"], told.json()["story"][-1]["reason"]) == ("aborted", "no")
    assert by_api(Role.OPERATOR).get(f"/api/v1/backups/copies/{copy.pk}/preview").status_code == 403


def test_the_commands_of_the_manual(
    shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they stand there; numbers, the seal and the directory are this test's own."""
    monkeypatch.setattr(backup_restores, "_over", lambda number: finished(queries.restore(number)))
    section = MANUAL.read_text().split("\n## Restoring\n")[1].split("\n## ")[0]
    lines = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
        for line in block.splitlines()
    ]
    assert len(lines) == 11
    copy = str(Copy.objects.get().pk)
    for line in lines:
        words = shlex.split(line.partition("  #")[0].replace("/srv/restored", str(shop.folder / "restored")))
        assert words[:2] == ["mainstay", "backup"]
        live = Restore.objects.filter(wanted__to="live").first()
        mine = {
            "17": copy,
            "3": str(Restore.objects.filter(wanted__to="database").values_list("pk", flat=True).first()),
        }
        if live is not None:
            Restore.objects.filter(pk=live.pk).update(asked_by="person:bob")
            mine |= {"4": str(live.pk), "0f3a9c21d7e84b56": live.seal[:16]}
        code = load("backup").main([mine.get(word, word) for word in words[2:]], standalone_mode=False)
        assert not code, line
        for row in Restore.objects.filter(state="running"):
            finished(row)
    assert "A second person approves it" in capsys.readouterr().out
    states = list(Restore.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["done", "done", "done", "aborted"]
    assert {path.name for path in (shop.folder / "restored").iterdir()} == {
        "as-it-is",
        "books.sqlite3",
        "ledger.sqlite3",
    }
