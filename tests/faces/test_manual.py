"""The manual cannot rot: its YAML is examined, its commands exist, its links lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml

from mainstay.catalogue.examine import examine
from mainstay.cli.main import PARTS, app, load

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "mainstay/packs").rglob("README.md")),
]
COMMANDS = typer.main.get_command(app)


def blocks(language: str) -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        for found in re.finditer(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
            yield page, found[1]


def systems() -> list[tuple[Path, str]]:
    """Plans name a system too; those are tried with the commands of their page."""
    found = [(page, text, yaml.safe_load(text)) for page, text in blocks("yaml")]
    return [(page, text) for page, text, keys in found if keys.get("system") and "plan" not in keys]


@pytest.mark.django_db
@pytest.mark.parametrize(("page", "text"), systems(), ids=lambda value: getattr(value, "stem", ""))
def test_every_system_in_the_manual_is_right(page: Path, text: str) -> None:
    examine({"manual.yaml": text.encode()})


@pytest.mark.parametrize(("page", "text"), list(blocks("yaml")), ids=lambda value: getattr(value, "stem", ""))
def test_every_piece_of_yaml_can_be_read(page: Path, text: str) -> None:
    assert isinstance(yaml.safe_load(text), dict)


def commands() -> list[tuple[str, list[str]]]:
    found = []
    for page, text in blocks("sh"):
        for line in text.splitlines():
            words = line.split("#")[0].replace(".venv/bin/", "").split()
            if words[:1] == ["mainstay"]:
                found.append((page.stem, words[1:]))
    return found


@pytest.mark.parametrize(("page", "words"), commands())
def test_every_command_of_the_manual_exists(page: str, words: list[str]) -> None:
    here = COMMANDS
    for number, word in enumerate(words):
        known = getattr(here, "commands", None)
        if known is None or word.startswith("-"):
            break
        assert word in known, f"{page}: mainstay {' '.join(words)}"
        here = load(word) if number == 0 and word in PARTS else known[word]
    options = {name for parameter in here.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= options


def test_every_link_leads_somewhere() -> None:
    missing = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not missing


CHINESE = sorted((ROOT / "docs/manual/zh").glob("*.md"))


def bare(block: str) -> list[str]:
    """A block of code without its remarks, which are translated."""
    return [line for text in block.splitlines() if (line := re.sub(r"(^|\s)# .*", "", text).rstrip())]


def inline(text: str) -> set[str]:
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return set(re.findall(r"`([^`]+)`", " ".join(prose.split())))


@pytest.mark.parametrize("page", CHINESE, ids=lambda page: page.stem)
def test_the_chinese_edition_says_the_same(page: Path) -> None:
    """As many headings, the same code to the letter, and every name in code type that the English page has."""
    english, chinese = (ROOT / "docs/manual" / page.name).read_text(), page.read_text()
    fenced = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
    assert [bare(one) for one in fenced.findall(chinese)] == [bare(one) for one in fenced.findall(english)]
    heads = re.compile(r"^#+(?= )", re.MULTILINE)
    assert heads.findall(fenced.sub("", chinese)) == heads.findall(fenced.sub("", english))
    assert inline(english) - inline(chinese) == set()


def test_there_is_a_chinese_edition() -> None:
    assert {page.name for page in (ROOT / "docs/manual").glob("*.md")} == {page.name for page in CHINESE}
