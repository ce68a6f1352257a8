"""Every word that people read is there in every language, is still said, and means what the source means."""

import gettext
import io
import re
from collections.abc import Iterator
from pathlib import Path
from unicodedata import east_asian_width

import pytest
from babel.messages import pofile
from django.test import Client
from django.utils import translation

from mainstay.cli.words import choose
from mainstay.settings import LANGUAGES
from mainstay.web.templatetags.mainstay import words as in_words
from setup import messages
from setup.traditional import traditional
from tests.faces.bad_day import WIDER

ROOT = Path(__file__).resolve().parents[2]
BOTH = (messages.WRITTEN, messages.DERIVED)
everywhere = pytest.mark.parametrize(
    ("language", "domain"), [(language, domain) for language in BOTH for domain in messages.DOMAINS]
)
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|(?<!\{)\{\w*\}(?!\})|\$?\{\{\{\w+\}\}\}|\$\{\w+\}")


def entries(language: str, domain: str) -> dict[messages.Key, str]:
    return {messages.key(one): messages.words(one) for one in messages.read(language, domain) if one.id}


def test_every_language_offered_has_its_words() -> None:
    folders = {translation.to_locale(code) for code, _ in LANGUAGES} - {"en"}
    assert folders == set(BOTH)
    assert {path.name for path in messages.LOCALE.iterdir() if (path / "LC_MESSAGES").exists()} == folders


@everywhere
def test_everything_said_is_translated_and_nothing_else(language: str, domain: str) -> None:
    said, known = messages.said(domain), entries(language, domain)
    assert len(said) > 200, "the code was read"
    assert {one for one in said if not known.get(one)} == set(), "make messages, then translate"
    assert set(known) - said == set(), "said nowhere: make messages"


@everywhere
def test_nothing_is_guessed_and_the_source_text_is_never_its_own_translation(language: str, domain: str) -> None:
    for one in messages.read(language, domain):
        if one.id:
            assert not one.fuzzy, one.id
    same = {key[1] for key, text in entries(language, domain).items() if text == key[1]}
    assert same <= {"Mainstay", "Alertmanager", "Webhook", "YAML"}, "only names"


@everywhere
def test_what_is_filled_in_is_the_same(language: str, domain: str) -> None:
    for (_, text, plural), said in entries(language, domain).items():
        # A text for one may leave the number out; that for many shows what may be filled in.
        wanted = sorted(PLACEHOLDER.findall(plural or text))
        assert sorted(PLACEHOLDER.findall(said)) == wanted, f"{text!r}: {said!r}"


@everywhere
def test_what_is_compiled_is_what_is_written(language: str, domain: str) -> None:
    with messages.path(language, domain, "mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for (context, text, plural), said in entries(language, domain).items():
        if plural:
            got = compiled.npgettext(context, text, plural, 2) if context else compiled.ngettext(text, plural, 2)
        else:
            got = compiled.pgettext(context, text) if context else compiled.gettext(text)
        assert got == said
    text, binary = messages.path(language, domain).read_bytes(), messages.path(language, domain, "mo").read_bytes()
    assert binary == messages.mo(text), "and nothing more"


@pytest.mark.parametrize("domain", messages.DOMAINS)
def test_the_files_are_as_make_messages_writes_them(domain: str) -> None:
    """Sorted, without places or dates; and Traditional Chinese is that of the Simplified."""
    chinese = messages.written(domain)
    for language, wanted in ((messages.WRITTEN, chinese), (messages.DERIVED, messages.derived(chinese))):
        assert messages.path(language, domain).read_bytes() == messages.po(language, wanted)


def columns(text: str) -> int:
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)


def test_a_label_that_is_wider_in_the_other_script_is_looked_at() -> None:
    """In the browser, on a phone. What is longer than a label wraps at any character, whichever script it is in."""
    simplified, other = (entries(language, "django") for language in BOTH)
    wider = {key[1] for key, text in other.items() if columns(simplified[key]) < columns(text) <= 16}
    assert wider == set(WIDER)


def test_texts_in_traditional_chinese_follow_the_simplified() -> None:
    wanted = messages.followers()
    assert len(wanted) >= 2
    assert [str(file) for file, text in wanted.items() if file.read_text(encoding="utf-8") != text] == []


def test_an_untranslated_a_changed_and_a_new_text_are_seen() -> None:
    """The reading itself: a template's words in every form, and a program's."""
    page = '{% trans "Plain" %}{% trans "Seen" context "state" %}{% blocktrans count n=k %}{{ n }} one{% plural %}'
    page += '{{ n }} many{% endblocktrans %}{% state "ok" word=_("sent") %}'
    assert set(messages._template(page)) == {
        ("", "Plain", ""), ("state", "Seen", ""), ("", "%(n)s one", "%(n)s many"), ("", "sent", ""),
    }  # fmt: skip
    text = messages.po("zh_Hans", {("", "Gone %(n)s", ""): "没有了"})
    assert b"python-format" in text
    assert pofile.read_po(io.BytesIO(text)).get("Gone %(n)s").string == "没有了"


def glossary() -> Iterator[list[str]]:
    for line in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] not in ("English", "---"):
            yield cells


@pytest.mark.parametrize("row", list(glossary()), ids=lambda row: row[0])
def test_one_word_per_idea(row: list[str]) -> None:
    english, simplified, other, *banned = row
    assert traditional(simplified) == other
    known = {domain: entries(messages.WRITTEN, domain) for domain in messages.DOMAINS}
    for domain, texts in known.items():
        for (_, text, _plural), said in texts.items():
            assert text != english or said == simplified, f"{domain}: {text}"
            assert not any(word and word in said for word in banned), f"{domain}: {said}"
    for page in sorted((ROOT / "docs/manual/zh").glob("*.md")):
        assert not any(word and word in page.read_text(encoding="utf-8") for word in banned), page.name


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant"), ("zh-HK", "zh-Hant"), ("zh-MO", "zh-Hant"), ("zh-Hant-HK", "zh-Hant"),
        ("zh-CN,zh;q=0.9", "zh-Hans"), ("zh", "zh-Hans"), ("zh-SG", "zh-Hans"), ("zh-Hans", "zh-Hans"),
        ("en-GB,en;q=0.9", "en"), ("fr", "en"),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_a_browser_is_answered_in_its_language(asked: str, got: str) -> None:
    page = Client().get("/sign-in/", headers={"accept-language": asked}).content.decode()
    assert f'<html lang="{got}"' in page
    assert {"zh-Hant": "登入", "zh-Hans": "登录", "en": "Sign in"}[got] in page


@pytest.mark.parametrize(
    ("arguments", "environment", "got"),
    [
        ([], {"LANG": "zh_TW.UTF-8"}, "zh-hant"), ([], {"LANG": "zh_HK.UTF-8"}, "zh-hant"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh-hans"), ([], {"LANGUAGE": "zh:en"}, "zh-hans"),
        ([], {"LANG": "C.UTF-8"}, "en"), ([], {}, "en"), (["--lang", "zh-hant"], {"LANG": "en_US"}, "zh-hant"),
        (["--lang=zh"], {"LANG": "zh_TW"}, "zh-hans"), ([], {"LANG": "zh_Hans_HK"}, "zh-hans"),
    ],
)  # fmt: skip
def test_the_command_line_answers_in_its_language(arguments: list[str], environment: dict[str, str], got: str) -> None:
    assert choose(arguments, environment) == got


def test_words_of_the_catalogue_for_each_reader() -> None:
    title = {"en": "Shop", "zh": "商城"}
    for code, wanted in (("en", "Shop"), ("zh-hans", "商城"), ("zh-hant", "商城")):
        with translation.override(code):
            assert in_words(title) == wanted
            assert in_words({"en": "Shop"}) == "Shop"
