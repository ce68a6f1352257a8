"""One design: every class of the stylesheets is used, every class of a template is defined, every token is shown."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.domain.actor import Role
from mainstay.web.design import SIZES, SPACES, TOKENS
from tests.faces.test_web import person

WEB = Path(__file__).resolve().parents[2] / "mainstay" / "web"
ANY = "\0"
"""Stands for what a template or a program fills in."""


def defined() -> set[str]:
    """The classes that a selector of any stylesheet names."""
    found = set()
    for sheet in (WEB / "static" / "css").glob("*.css"):
        text = re.sub(r"/\*.*?\*/|url\([^)]*\)|\"[^\"]*\"", "", sheet.read_text(), flags=re.DOTALL)
        for selector in re.findall(r"([^{};]+)\{", text):
            found |= set(re.findall(r"\.([a-zA-Z][\w-]*)", selector))
    return found


def written() -> Iterator[tuple[str, str]]:
    """File and class as it is written, with ``ANY`` where something is filled in."""
    for path in sorted([*(WEB / "templates").rglob("*.html"), *WEB.rglob("*.py")]):
        text = re.sub(r"\{%.*?%\}", " ", path.read_text())
        if path.suffix == ".py":
            text = re.sub(r"\{[^{}]*\}", ANY, text)
        for value in re.findall(r"class=\"([^\"]*)\"", re.sub(r"\{\{.*?\}\}", ANY, text)):
            for one in value.split():
                yield path.name, one


def handed() -> set[str]:
    """Words that stand in quotation marks in templates and programs: classes that are handed on as a value."""
    files = [*(WEB / "templates").rglob("*.html"), *WEB.rglob("*.py"), *(WEB / "static" / "js").glob("*.js")]
    return {
        word
        for path in files
        for text in re.findall(r"\"([^\"\n]*)\"|'([^'\n]*)'", path.read_text())
        for part in text
        for word in re.findall(r"[a-zA-Z][\w-]*", part)
    }


def fits(pattern: str, name: str) -> bool:
    return re.fullmatch(".+".join(map(re.escape, pattern.split(ANY))), name) is not None


HOOKS = {"htmx-request"}
"""Classes that a library sets."""


def test_every_class_of_a_template_is_defined() -> None:
    known = defined()
    missing = {
        f"{file}: {one.replace(ANY, '…')}"
        for file, one in written()
        if one != ANY and one.strip(ANY) and not any(fits(one, name) for name in known)
    }
    assert sorted(missing) == []


FRAMES = {"about", "more", "rest", "public", "public-top", "wall", "slide"}
"""What goes around a whole page: the console's bar and places, the public page, the wall's views."""


def shown() -> set[str]:
    """The classes on the page that shows them all."""
    page = person(Role.VIEWER).get("/design/").content.decode()
    return {one for value in re.findall(r"class=\"([^\"]*)\"", page) for one in value.split()}


@pytest.mark.django_db
def test_every_component_is_shown() -> None:
    assert sorted(defined() - shown() - HOOKS) == sorted(FRAMES)


@pytest.mark.django_db
def test_every_class_of_a_stylesheet_is_used() -> None:
    patterns = {one for _, one in written()}
    literal = {one for one in patterns if ANY not in one} | handed()
    assert sorted(defined() - shown() - literal - HOOKS) == []


@pytest.mark.django_db
def test_both_themes_show_all_tokens() -> None:
    page = person(Role.VIEWER).get("/design/").content.decode()
    tokens = re.findall(r"^\s*--([\w-]+): (.*)", (WEB / "static" / "css" / "tokens.css").read_text(), re.MULTILINE)
    colours = {name for name, value in tokens if value.startswith(("light-dark(", "#"))}
    assert colours == set(TOKENS)
    for kind, names in (("colour", TOKENS), ("space", SPACES), ("sample", SIZES)):
        for name in names:
            assert page.count(f'class="{kind} {kind}-{name}"') == 2, name
    assert "style=" not in page


def test_no_two_scripts_share_a_name() -> None:
    """They run in one page and share what stands at their top: the second of a name would not run at all."""
    names = [
        name
        for file in (WEB / "static/js").glob("*.js")
        for name in re.findall(r"^(?:const|let|function|async function) (\w+)", file.read_text(encoding="utf-8"), re.M)
    ]
    assert sorted(names) == sorted(set(names))
