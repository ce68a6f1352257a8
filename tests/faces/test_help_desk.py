"""The help desk on its faces: what a stranger may and may not, what operators do, and the link that asks."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mainstay.api.pace import Pace
from mainstay.catalogue.models import System
from mainstay.domain.actor import Actor, Role
from mainstay.engine.wording_letters import score_link
from mainstay.help_desk.models import Requirement, Ticket
from mainstay.knowledge.actions import Text, publish, write
from mainstay.web import help_desk
from tests.faces.test_api import call, shop
from tests.faces.test_cli import Shell, shell
from tests.faces.test_web import person

__all__ = ["shell", "shop"]  # fixtures of the neighbours
pytestmark = pytest.mark.django_db
ROOT = Actor("test", Role.ADMINISTRATOR)
SENT = {
    "kind": "question",
    "subject": "It does not print",
    "text": "<script>alert(1)</script>",
    "address": "a@b.example",
}
PAGE = b"<!doctype html><script>alert(1)</script>"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(help_desk, "PACE", Pace(rate=1 / 60, burst=10.0))


def report(**more: Any) -> str:
    """As a stranger; the address of his page."""
    answer = Client().post("/help-desk/", {**SENT, **more})
    assert answer.status_code == 302, re.findall(r'role="alert">([^<]*)', answer.content.decode())
    return str(answer["Location"])


def test_first_articles_then_the_form_then_a_page_of_ones_own() -> None:
    draft = write(Text("en", "Printing does not work", "Turn it on."), actor=ROOT)
    write(Text("en", "Printing of secrets", "inner"), actor=ROOT)
    publish(draft.pk, actor=ROOT, public=True)
    stranger = Client()
    first = stranger.get("/help-desk/").content.decode()
    assert 'name="text"' not in first
    second = stranger.get("/help-desk/?q=my+printing+does+not+work").content.decode()
    assert f"/help-desk/articles/{draft.pk}/" in second
    assert "Printing of secrets" not in second
    assert 'name="text"' in second
    assert "Turn it on." in stranger.get(f"/help-desk/articles/{draft.pk}/").content.decode()
    assert stranger.get(f"/help-desk/articles/{draft.pk + 1}/").status_code == 404
    page = Client().get(report())
    html = page.content.decode()
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html
    assert (page["Cache-Control"], page["X-Robots-Tag"]) == ("no-store", "noindex")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"address": "no"}, "no e-mail address|not an e-mail address"), ({"address": ""}, "not an e-mail"),
        ({"text": ""}, "say in a few words"), ({"system": "none"}, "no such system"), ({"kind": "spam"}, "spam"),
        ({"text": "x" * 10_001}, "10001 characters"),
        ({"files": [SimpleUploadedFile(f"{n}.txt", b"x") for n in range(6)]}, "6 files"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_and_what_was_typed_stays(more: dict[str, Any], why: str) -> None:
    answer = Client().post("/help-desk/", {**SENT, **more})
    said = re.findall(r'role="alert">([^<]*)', answer.content.decode())
    assert re.search(why, " ".join(said)), said
    assert "It does not print" in answer.content.decode()
    assert not Ticket.objects.exists()


def test_a_robot_that_fills_every_field_opens_nothing_and_one_without_a_token_is_refused() -> None:
    assert Client().post("/help-desk/", {**SENT, "website": "http://evil.example/"}).status_code == 302
    assert Client(enforce_csrf_checks=True).post("/help-desk/", SENT).status_code == 403
    assert not Ticket.objects.exists()


def test_one_network_address_sends_no_more_than_a_few() -> None:
    for number in range(10):
        report(address=f"u{number}@b.example")
    assert "too much at once" in Client().post("/help-desk/", SENT).content.decode()
    assert Ticket.objects.count() == 10


def test_a_stranger_sees_public_systems_only_and_somebody_signed_in_his_own(shop: Client) -> None:
    assert 'value="shop"' not in Client().get("/help-desk/?q=x").content.decode()
    who = person(Role.VIEWER)
    assert 'value="shop"' in who.get("/help-desk/?q=x").content.decode()
    sent = {**SENT, "system": "shop", "address": ""}
    assert who.post("/help-desk/", sent).status_code == 302
    assert Ticket.objects.get().person is not None
    assert "It does not print" in who.get("/help-desk/").content.decode()
    System.objects.update(document={"status_page": True})
    assert 'value="shop"' in Client().get("/help-desk/?q=x").content.decode()


def test_nobody_finds_a_page_or_a_file_but_by_its_key() -> None:
    mine = report(files=[SimpleUploadedFile("../../evil.html", PAGE)])
    other = report(address="other@b.example")
    html = Client().get(mine).content.decode()
    (file,) = re.findall(r'href="(/help-desk/of/[^"]+/files/\d+)"', html)
    got = Client().get(file)
    assert (got.content, got["Content-Type"]) == (PAGE, "application/octet-stream")
    assert got["Content-Disposition"].startswith('attachment; filename="evil.html"')
    assert "sandbox" in got["Content-Security-Policy"]
    number = file.rpartition("/")[2]
    assert Client().get(f"{other}files/{number}").status_code == 404
    assert Client().get("/help-desk/of/x/").status_code == 404
    assert Client().get(mine[:-2] + "/").status_code == 404


def test_operators_work_through_the_queue_and_strangers_never_see_their_notes() -> None:
    mine = report()
    number = Ticket.objects.get().pk
    assert person(Role.VIEWER).get("/desk/").status_code == 403
    who = person(Role.OPERATOR)
    assert f"/desk/{number}/" in who.get("/desk/").content.decode()
    who.post(f"/desk/{number}/answer", {"text": "he always calls", "way": "note"})
    who.post(f"/desk/{number}/answer", {"text": "Is it on?", "way": "ask"})
    told = Client().get(mine).content.decode()
    assert "Is it on?" in told
    assert "he always calls" not in told
    Client().post(mine, {"text": "It is."})
    assert "It is." in who.get(f"/desk/{number}/").content.decode()
    who.post(f"/desk/{number}/sort", {"kind": "wish", "system": ""})
    who.post(f"/desk/{number}/wish")
    who.post(f"/desk/{number}/close", {"text": "Bought."})
    assert Ticket.objects.get().state == "closed"
    assert Requirement.objects.get().title == "It does not print"
    assert who.get(f"/desk/{number}/").status_code == who.get("/desk/?state=closed&q=print").status_code == 200


def test_the_link_in_the_last_letter_shows_and_only_its_button_counts() -> None:
    report()
    ticket = Ticket.objects.get()
    link = score_link(ticket).partition("/help-desk/")[2]
    person(Role.OPERATOR).post(f"/desk/{ticket.pk}/close")
    assert Client().get(f"/help-desk/{link}").status_code == 200
    assert Ticket.objects.get().score is None
    Client().post(f"/help-desk/{link}", {"score": "4", "text": "quick"})
    assert (Ticket.objects.get().score, Ticket.objects.get().score_text) == (4, "quick")
    for wrong in ("9", "", "x", "٣"):
        Client().post(f"/help-desk/{link}", {"score": wrong})
    assert Ticket.objects.get().score == 4
    assert Client().post(f"/help-desk/{link[:-3]}x/", {"score": "1"}).status_code == 410


def test_by_api_and_on_the_command_line(shop: Client, shell: Shell) -> None:
    body = {"title": "The till is slow", "text": "since nine", "system": "shop", "address": "a@b.example"}
    made = call(shop, "post", "/api/v1/tickets", body).json()
    assert made["page"].endswith(f"/{Ticket.objects.get().key}/")
    address = f"/api/v1/tickets/{made['id']}"
    assert call(shop, "post", f"{address}/join").status_code == 409, "nothing runs"
    assert call(shop, "post", f"{address}/answer", {"text": "Which one?", "ask": True}).json()["state"] == "waiting"
    assert call(shop, "post", f"{address}/close").json()["state"] == "closed"
    whole = shop.get(address).json()
    assert [one["word"] for one in whole["messages"]] == ["said", "asked", "closed"]
    assert "key" not in whole
    number = str(shell.json("desk", "open", "Slow", "since nine", "--kind", "wish")["id"])
    assert shell("desk", "answer", number, "We look")[0] == 0
    assert "T-0001" in shell("desk", "list")[1]
    assert shell.json("desk", "wish", number)["title"] == "Slow"
    assert "Slow" in shell("desk", "requirements")[1]
    assert "We look" in shell("desk", "show", number)[1]
    assert shell("desk", "join", number)[0] == 64
    assert shell("desk", "close", number, "--text", "Done")[0] == 0
