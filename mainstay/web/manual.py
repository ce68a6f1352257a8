"""The manual as the pages show it: Markdown to HTML, cut into sections that can be found and pointed at."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.urls import reverse
from django.utils.safestring import SafeString
from markdown_it.token import Token

from mainstay.domain.han import folded
from mainstay.settings import PACKAGE
from mainstay.web.markdown import parse, render

FOLDERS = {"en": "", "zh-hans": "zh", "zh-hant": "zh-hant"}
"""A language's pages; one that is not there is shown in English."""
INDEX = "README"
FOUND = 30
AROUND = 70
"""Characters of an excerpt before and after what was looked for."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it. ``text`` is what a search looks through."""

    page: str
    anchor: str
    title: str
    depth: int
    text: str

    @property
    def url(self) -> str:
        """Its address; the top of its page for the page's own heading."""
        return address(self.page) + (f"#{self.anchor}" if self.depth > 1 else "")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the manual, ready to be shown, and its parts for the list beside it."""

    name: str
    title: str
    html: SafeString
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A section that a search found, and the words around."""

    section: Section
    page: str
    excerpt: tuple[str, str, str]
    """Before, what was looked for as it stands there, after; the middle is empty where only the title has it."""


def address(page: str) -> str:
    """Where a page is shown."""
    return reverse("help") if page == INDEX else reverse("help-page", args=[page])


def folder() -> Path:
    """Inside the wheel; beside the package in a checkout."""
    inside = PACKAGE / "manual"
    return inside if inside.is_dir() else PACKAGE.parent / "docs" / "manual"


@cache
def names() -> tuple[str, ...]:
    """Every page, in the order in which the index names them."""
    index = (folder() / f"{INDEX}.md").read_text(encoding="utf-8")
    named = re.findall(r"\]\(([a-z-]+)\.md\)", index)
    return tuple(name for name in named if (folder() / f"{name}.md").is_file())


@cache
def page(name: str, language: str) -> Page | None:
    """A page in a language, or in English; None where there is none."""
    if name != INDEX and name not in names():
        return None
    translated = folder() / FOLDERS.get(language, "") / f"{name}.md"
    file = translated if translated.is_file() else folder() / f"{name}.md"
    return _read(name, file.read_text(encoding="utf-8"))


def pages(language: str) -> list[Page]:
    """All of them but the index."""
    return [found for name in names() if (found := page(name, language))]


def search(text: str, language: str) -> list[Found]:
    """Sections that have every word; those with it in their heading first."""
    words = folded(text.lower()).split()
    if not words:
        return []
    hits: list[tuple[bool, int, Found]] = []
    for one in pages(language):
        for section in one.sections:
            whole = folded(f"{section.title}\n{section.text}".lower())
            if all(word in whole for word in words):
                named = all(word in folded(section.title.lower()) for word in words)
                hits.append((not named, len(hits), Found(section, one.title, _excerpt(section.text, words))))
    return [found for *_, found in sorted(hits, key=lambda hit: hit[:2])[:FOUND]]


def _excerpt(text: str, words: Sequence[str]) -> tuple[str, str, str]:
    low = folded(text.lower())
    places = [(low.find(word), word) for word in words]
    at, word = min(((at, word) for at, word in places if at >= 0), default=(-1, ""))
    if at < 0:
        return text[: 2 * AROUND], "", ""
    end = at + len(word)
    before = ("…" if at > AROUND else "") + text[max(0, at - AROUND) : at]
    return before, text[at:end], text[end : end + AROUND] + ("…" if len(text) > end + AROUND else "")


def _read(name: str, text: str) -> Page:
    tokens = parse(text)
    sections = _cut(name, tokens)
    _point(tokens)
    return Page(name, sections[0].title if sections else name, render(tokens), tuple(sections))


def _cut(name: str, tokens: list[Token]) -> list[Section]:
    """Sections in order; the headings get their anchors."""
    sections: list[Section] = []
    texts: list[list[str]] = []
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            title = _plain(tokens[place + 1])
            anchor = _anchor(title, {one.anchor for one in sections})
            token.attrSet("id", anchor)
            sections.append(Section(name, anchor, title, int(token.tag[1]), ""))
            texts.append([])
        elif texts and token.type in ("inline", "fence") and tokens[place - 1].type != "heading_open":
            texts[-1].append(_plain(token))
    return [
        Section(one.page, one.anchor, one.title, one.depth, " ".join(" ".join(words).split()))
        for one, words in zip(sections, texts, strict=True)
    ]


def _plain(token: Token) -> str:
    if token.children is None:
        return token.content
    return "".join(" " if one.type == "softbreak" else one.content for one in token.children)


def _anchor(title: str, taken: set[str]) -> str:
    """As GitHub makes them, so that a link holds in both places."""
    plain = re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
    return next(one for one in (plain, *(f"{plain}-{n}" for n in range(1, 99))) if one not in taken)


def _point(tokens: list[Token]) -> None:
    """Links between pages lead to their addresses here."""
    for token in tokens:
        for one in token.children or []:
            target = str(one.attrs.get("href", ""))
            if found := re.fullmatch(r"(?:\.\./)?([\w-]+)\.md(#.*)?", target):
                one.attrSet("href", address(found[1]) + (found[2] or ""))
