"""The pages that change the catalogue: what they show first, what they save, who may, and what is never markup."""

import html
import io
import re
import zipfile

import pytest
from django.test import Client

from mainstay.catalogue import actions, editing, queries
from mainstay.catalogue.models import System
from mainstay.domain.actor import Actor, Role
from mainstay.people.actions import add_person
from tests.faces.test_web import PASSWORD, ROOT, person
from tests.line.looking import apply

pytestmark = pytest.mark.django_db
SHOP = """
system: shop
title: {en: "Shop <b>", zh: 商城}
components:
  web: {kind: http, url: "http://127.0.0.1:1/", packs: [web-service]}
checks:
  home: {title: {en: "Home <i>"}, probe: {kind: http, on: web}, every: 1m, warn: total > 2s}
"""
EDIT = "/systems/shop/checks/home/edit/"
YAML = "/systems/shop/yaml/"


@pytest.fixture(autouse=True)
def shop() -> None:
    apply(SHOP)


def fields(text: str) -> dict[str, str]:
    """What a reader's browser would send back of a form."""
    found = {}
    for tag in re.findall(r"<input [^>]*name=\"[^\"]+\"[^>]*>", text):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and name[1] not in ("csrfmiddlewaretoken", "q") and ("checkbox" not in tag or "checked" in tag):
            found[name[1]] = html.unescape(value[1]) if value else "on"
    for name, inner in re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>([^<]*)</textarea>', text):
        found[name] = html.unescape(inner)
    for name, inner in re.findall(r'<select name="([^"]+)">(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', inner)
        found[name] = chosen[1] if chosen else ""
    return found


def test_what_was_shown_is_saved_and_nothing_else() -> None:
    who = person(Role.APPROVER)
    asked = fields(who.get(EDIT).content.decode()) | {"warn": "total > 3s\r\nsize > 1MB", "failures": "3"}
    blind = who.post(EDIT, {**asked, "do": "save"})
    assert blind.status_code == 200, "it is shown first"
    assert queries.revision() == 1
    seen = fields(blind.content.decode())
    assert "+    failures: 3" in html.unescape(blind.content.decode())
    assert who.post(EDIT, {**seen, "every": "2m", "do": "save"}).status_code == 200, "another try is shown again"
    assert queries.revision() == 1
    assert who.post(EDIT, {**seen, "do": "save"}).status_code == 302
    assert editing.written("shop")["checks"]["home"] == {
        "title": {"en": "Home <i>"}, "probe": {"kind": "http", "on": "web"}, "every": "1m",
        "warn": ["total > 3s", "size > 1MB"], "failures": 3,
    }  # fmt: skip


def test_leaving_all_as_it_is_changes_nothing() -> None:
    who = person(Role.APPROVER)
    for name in ("home", "web.answer"):
        where = EDIT.replace("home", name)
        answer = who.post(where, {**fields(who.get(where).content.decode()), "do": "preview"})
        assert "Nothing would be changed." in answer.content.decode()


def test_words_of_their_own_in_traditional_chinese_are_kept() -> None:
    apply(SHOP.replace('title: {en: "Home <i>"}', "title: {en: Home, zh: 首页, zh-hant: 首頁入口}"))
    who = person(Role.APPROVER)
    asked = fields(who.get(EDIT).content.decode())
    assert asked["title_zh_hant"] == "首頁入口"
    shown = who.post(EDIT, {**asked, "title_en": "Front", "do": "preview"}).content.decode()
    assert who.post(EDIT, {**fields(shown), "do": "save"}).status_code == 302
    assert editing.written("shop")["checks"]["home"]["title"] == {"en": "Front", "zh": "首页", "zh-hant": "首頁入口"}
    assert "title_zh_hant" not in who.get(EDIT.replace("home", "web.answer")).content.decode(), "it is made from zh"


def test_flaws_stand_beside_their_field() -> None:
    who = person(Role.APPROVER)
    asked = fields(who.get(EDIT).content.decode())
    answer = who.post(EDIT, {**asked, "crit": "<s>totl > 1", "failures": "many", "missing": "1s", "do": "preview"})
    text = html.unescape(answer.content.decode())
    for words in (
        "is not a condition",
        "'many' is text where a whole number is expected",
        "'1s' is shorter than every",
    ):
        assert words in text
    assert "<s>totl" not in answer.content.decode()


def test_who_was_overtaken_starts_from_what_is_now() -> None:
    who = person(Role.APPROVER)
    asked = fields(who.get(EDIT).content.decode())
    actions.edit_check("shop", "home", {"every": "5m"}, actor=ROOT)
    answer = who.post(EDIT, {**asked, "warn": "total > 9s", "do": "preview"}, follow=True)
    assert "changed by somebody else" in answer.content.decode()
    assert 'name="every" value="5m"' in answer.content.decode()


def test_a_packs_check_and_one_that_is_left_out() -> None:
    who = person(Role.APPROVER)
    where = EDIT.replace("home", "web.answer")
    asked = fields(who.get(where).content.decode())
    del asked["enabled"]
    shown = who.post(where, {**asked, "do": "preview"}).content.decode()
    assert "It would be left out" in shown
    assert who.post(where, {**fields(shown), "do": "save"}).status_code == 302
    assert editing.written("shop")["checks"]["web.answer"] == {"enabled": False}
    assert 'name="enabled"' in who.get(where).content.decode()


@pytest.mark.parametrize(("role", "code"), [(Role.VIEWER, 403), (Role.OPERATOR, 403), (Role.APPROVER, 200)])
def test_who_may_edit(role: Role, code: int) -> None:
    who = person(role)
    assert who.get(EDIT).status_code == code
    assert who.get("/catalogue/new/").status_code == code
    assert ("/edit/" in who.get("/systems/shop/checks/home/").content.decode()) is (code == 200)


def test_one_systems_approver_edits_its_checks_and_not_its_text() -> None:
    add_person(username="bea", password=PASSWORD, role=Role.NONE, systems={"shop": Role.APPROVER}, actor=ROOT)
    who = Client()
    who.post("/sign-in/", {"username": "bea", "password": PASSWORD})
    assert who.get(EDIT).status_code == 200
    assert who.get(YAML).status_code == 403
    apply(SHOP.replace("shop", "till") + "")
    assert who.get(EDIT.replace("shop", "till")).status_code == 404


def test_a_text_is_examined_compared_and_applied() -> None:
    who = person(Role.APPROVER)
    asked = fields(who.get(YAML).content.decode())
    wrong = who.post(YAML, {**asked, "text": asked["text"].replace("http\n", "htp\n", 1), "do": "apply"})
    assert "did you mean &#x27;http&#x27;?" in wrong.content.decode()
    better = asked["text"] + "tier: 1\n"
    shown = who.post(YAML, {**asked, "text": better, "do": "apply"}).content.decode()
    assert "What would be done" in shown
    assert queries.revision() == 1
    assert who.post(YAML, {**fields(shown), "do": "apply"}).status_code == 302
    assert System.objects.get().tier == 1
    assert queries.revision() == 2


def test_the_text_of_another_system_is_refused_here() -> None:
    who = person(Role.APPROVER)
    asked = fields(who.get(YAML).content.decode())
    answer = who.post(YAML, {**asked, "text": "system: till\n", "do": "difference"})
    assert "the text says another system" in answer.content.decode()


def test_a_viewer_may_read_and_try_and_not_apply() -> None:
    who = person(Role.VIEWER)
    asked = fields(who.get(YAML).content.decode())
    shown = who.post(YAML, {**asked, "text": asked["text"] + "tier: 1\n", "do": "difference"}).content.decode()
    assert 'value="apply"' not in shown
    assert who.post(YAML, {**fields(shown), "do": "apply"}).status_code == 403
    assert queries.revision() == 1


def test_a_new_system_from_an_empty_page() -> None:
    who = person(Role.APPROVER)
    asked = fields(who.get("/catalogue/new/").content.decode())
    taken = who.post("/catalogue/new/", {**asked, "do": "difference"}).content.decode()
    assert "there is a system &#x27;shop&#x27; already" in taken
    text = asked["text"].replace("system: shop", "system: till")
    shown = who.post("/catalogue/new/", {**asked, "text": text, "do": "difference"}).content.decode()
    assert who.post("/catalogue/new/", {**fields(shown), "do": "apply"})["Location"] == "/systems/till/"
    assert System.objects.get(name="till").source == "till.yaml"
    assert System.objects.get(name="shop").retired_at is None


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_catalogue_says_who_changed_what_and_can_be_taken_away(language: str) -> None:
    actions.edit_check("shop", "home", {"every": "5m"}, actor=Actor("person:ann", Role.APPROVER))
    who = person(Role.VIEWER)
    answer = who.get("/catalogue/", headers={"accept-language": language}).content.decode()
    for words in ("ann", "shop/home", "修订记录" if language == "zh-hans" else "Revisions"):
        assert words in answer
    packed = who.get("/catalogue/download/")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert "every: 5m" in archive.read("system.yaml").decode()


@pytest.mark.parametrize("where", [EDIT, YAML, "/catalogue/"])
def test_nothing_is_markup(where: str) -> None:
    text = person(Role.APPROVER).get(where).content.decode()
    assert "Shop <b>" not in text
    assert "Home <i>" not in text
    assert "style=" not in text
