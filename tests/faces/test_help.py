"""The manual in the product: in the reader's language, found by a word, and never with HTML of its own."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from mainstay.domain.actor import Actor, Role
from mainstay.people.actions import add_person
from mainstay.web import manual, places
from mainstay.web.entering import BACKEND

pytestmark = pytest.mark.django_db
LANGUAGES = ("en", "zh-hans", "zh-hant")


@pytest.fixture
def reader() -> Client:
    person = add_person(username="vera", password="correct-horse-battery", role=Role.VIEWER,
                        actor=Actor("test", Role.ADMINISTRATOR))  # fmt: skip
    client = Client()
    client.force_login(person, backend=BACKEND)
    return client


@pytest.mark.parametrize("language", ["en", "zh-hans"])  # the other script is made of this one
def test_the_manual_names_every_key(reader: Client, language: str) -> None:
    html = reader.get("/help/faces/", headers={"accept-language": language}).content.decode()
    with translation.override(language):
        for place in places.PLACES:
            assert f"<code>{place.key}</code> {place.title}" in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_and_every_place_in_it_can_be_opened(reader: Client, language: str) -> None:
    headers = {"accept-language": language}
    assert len(manual.names()) > 10
    contents = reader.get("/help/", headers=headers).content.decode()
    for name in manual.names():
        assert f"/help/{name}/" in contents
        html = reader.get(f"/help/{name}/", headers=headers).content.decode()
        anchors = re.findall(r'<h[1-6] id="([^"]+)"', html)
        assert len(anchors) == len(set(anchors))
        for anchor in re.findall(r'href="#([^"]+)"', html):
            assert unquote(anchor) in [*anchors, "main"], f"{name}#{anchor}"
        assert 'style="' not in html, "the security policy forbids it"


def test_what_a_link_between_pages_points_at_is_there() -> None:
    for name in manual.names():
        page = manual.page(name, "en")
        assert page
        for target, anchor in re.findall(r'href="/help/([\w-]+)/(?:#([^"]*))?"', page.html):
            there = manual.page(target, "en")
            assert there, f"{name}: {target}"
            assert not anchor or anchor in [one.anchor for one in there.sections], f"{name}: {target}#{anchor}"
        assert ".md" not in re.sub(r"<code>.*?</code>", "", page.html), f"{name} links to a file"


@pytest.mark.parametrize(
    ("language", "word", "page", "within"),
    [
        ("en", "flapping", "judging", "21 looks"),
        ("en", "rabbitmq management", "probes", "management interface"),
        ("zh-hans", "抖动", "judging", "21"),
        ("zh-hant", "抖動", "judging", "21"),
    ],
)
def test_a_word_leads_to_the_section(reader: Client, language: str, word: str, page: str, within: str) -> None:
    with translation.override(language):
        found = manual.search(word, language)
    assert found[0].section.page == page
    assert any(within in one.section.text for one in found)
    answer = reader.get("/help/", {"q": word}, headers={"accept-language": language}).content.decode()
    assert f'href="{found[0].section.url}"' in answer
    assert "<mark>" in answer or found[0].excerpt[1] == ""


def test_nothing_found_is_said(reader: Client) -> None:
    assert "Nothing in the manual fits." in reader.get("/help/", {"q": "xyzzy"}).content.decode()
    assert "Nothing in the manual fits." not in reader.get("/help/").content.decode()


def test_the_palette_finds_the_manual_too(reader: Client) -> None:
    answer = reader.get("/find/", {"q": "flapping"}, headers={"hx-request": "true"}).content.decode()
    assert "/help/judging/#flapping" in answer


def test_each_place_leads_to_its_page_of_the_manual(reader: Client) -> None:
    for place in places.PLACES:
        assert place.manual in manual.names() or place.name == "help", place.name
    assert set(places.ELSEWHERE.values()) <= set(manual.names())
    assert 'href="/help/incidents/"' in reader.get("/today/").content.decode()
    assert 'href="/help/people/"' in reader.get("/account/").content.decode()


@pytest.mark.parametrize("name", ["README", "nothing", "zh", "..", "%2e%2e", "probes.md", "../decisions/README"])
def test_only_pages_of_the_manual(reader: Client, name: str) -> None:
    assert reader.get(f"/help/{name}/").status_code == 404


def test_html_in_a_page_is_shown_as_it_is_written(tmp_path: Path) -> None:
    page = manual._read(
        "x", "# A\n\n<script>alert(1)</script> [x](javascript:alert(1)) `<b>`\n\n| a |\n| ---: |\n| b |\n"
    )
    assert "<script" not in page.html
    assert 'href="javascript' not in page.html
    assert "style=" not in page.html


def test_two_headings_of_one_name_are_two_places() -> None:
    page = manual._read("x", "# A\n\n## Same\n\none\n\n## Same\n\ntwo\n\n### 中文 标题，一\n")
    assert [one.anchor for one in page.sections] == ["a", "same", "same-1", "中文-标题一"]
    assert [one.text for one in page.sections] == ["", "one", "two", ""]
    assert page.sections[1].url == reverse("help-page", args=["x"]) + "#same"


def test_a_line_of_chinese_goes_on_without_a_space() -> None:
    page = manual._read("x", "# 甲\n\n判为\n**严重**，见\n规则 one\ntwo\n三\n")
    assert page.sections[0].text == "判为严重，见规则 one two 三"
    assert "判为<strong>" in page.html
    assert "one\ntwo\n三" in page.html
