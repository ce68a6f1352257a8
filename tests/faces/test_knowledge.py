"""Articles on the three faces: written, found and marked, published; and nothing that a writer put in runs."""

from pathlib import Path

import pytest
from django.test import Client

from mainstay.domain.actor import Actor, Role
from mainstay.incidents.actions import open_by_hand
from mainstay.knowledge.models import Article
from tests.faces.test_api import call, shop
from tests.faces.test_cli import Shell, shell
from tests.faces.test_web import person

__all__ = ["shell", "shop"]  # fixtures of the neighbours
pytestmark = pytest.mark.django_db
HOSTILE = """# Big <script>alert(1)</script>

<img src=x onerror=alert(1)> [click](javascript:alert(1)) [out](https://example.com/) ![track](https://evil.example/p.png)

| a |
| :-: |
| b |
"""


def test_what_a_writer_puts_in_does_not_run(shop: Client) -> None:
    made = call(shop, "post", "/api/v1/articles", {"title": "<b>x</b>", "text": HOSTILE, "system": "shop"}).json()
    html = person(Role.VIEWER).get(f"/knowledge/{made['id']}/").content.decode()
    main = html.partition("<main")[2]
    assert "<script>alert" not in main
    assert "<img" not in main
    assert 'href="javascript' not in main
    assert 'style="' not in main
    assert "&lt;b&gt;x&lt;/b&gt;" in main
    assert '<a href="https://example.com/" rel="noopener noreferrer nofollow">' in main


def test_by_page_from_a_draft_to_the_search_that_marks_it(shop: Client) -> None:
    who = person(Role.APPROVER)
    sent = {"language": "zh", "title": "连接池耗尽", "text": "重启应用。", "system": "shop", "checks": "home，job"}
    page = who.post("/knowledge/new/", sent, follow=True)
    article = Article.objects.get()
    assert page.redirect_chain[-1][0] == f"/knowledge/{article.pk}/"
    assert article.checks == ["shop/home", "shop/job"]
    assert who.get("/knowledge/?q=连接").content.decode().count("<mark>") == 0, "a draft is not among the published"
    who.post(f"/knowledge/{article.pk}/publish", {"public": "on"})
    assert "<mark>连接</mark>池耗尽" in who.get("/knowledge/?q=连接").content.decode()
    stale = {**sent, "title": "另一个", "seen": "0"}
    answer = who.post(f"/knowledge/{article.pk}/edit/", stale)
    assert "另一个" in answer.content.decode(), "what was typed is not lost"
    assert Article.objects.get().version == 1
    who.post(f"/knowledge/{article.pk}/edit/", {**stale, "seen": "1"})
    assert Article.objects.get().texts["zh"]["title"] == "另一个"
    who.post(f"/knowledge/{article.pk}/retire", {"reason": "x"})
    assert Article.objects.get().state == "retired"


def test_a_draft_from_an_incident_by_page(shop: Client) -> None:
    root = Actor("test", Role.ADMINISTRATOR)
    number = open_by_hand(system="shop", title="Till stuck", category="data", level=3, text="cable", actor=root).pk
    who = person(Role.OPERATOR)
    answer = who.post(f"/incidents/{number}/article")
    assert answer["Location"] == f"/knowledge/{Article.objects.get().pk}/edit/"
    assert "Known already" in who.get(f"/incidents/{number}/").content.decode()


def test_the_command_line(shell: Shell, tmp_path: Path) -> None:
    text = tmp_path / "a.md"
    text.write_text("Restart the pool.")
    number = str(shell.json("article", "new", "Pool exhausted", "--file", str(text))["id"])
    assert shell("article", "publish", number, "--public", "--review", "2099-01-01")[0] == 0
    assert "Pool exhausted" in shell("article", "list")[1]
    assert "«Restart» the pool" in shell("article", "search", "restart")[1]
    assert "Restart the pool." in shell("article", "show", number)[1]
    code, _, refused = shell("article", "publish", number, "--review", "2020-01-01")
    assert (code, "ahead" in refused) == (64, True)
    assert "retired" in shell("article", "retire", number, "--reason", "old")[1]
