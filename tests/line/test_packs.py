"""Packs on disk: read once, and again when anything of one was changed."""

from pathlib import Path

import pytest

from mainstay.catalogue import packs
from mainstay.catalogue.sources import Invalid

PACK = """\
pack: own
title: {en: Own, zh: 自有}
kinds: [postgresql]
checks:
  up: {probe: {kind: sql, on: $(self), query: "select 1 as n"}, crit: "n > 1"}
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "pack.yaml").write_text(PACK)
    (folder / "more.sql").write_text("select 1")
    return folder


def test_what_was_not_changed_is_not_read_again(own: Path) -> None:
    first = packs.find([own.parent])["own"]
    assert packs.find([own.parent])["own"] is first


@pytest.mark.parametrize(("name", "text"), [("README.md", "# New"), ("more.sql", "select 12"), ("new.sql", "select 3")])
def test_whatever_of_it_changes_is_seen(own: Path, name: str, text: str) -> None:
    packs.find([own.parent])
    (own / name).write_text(text)
    book = packs.find([own.parent])["own"]
    assert text in (book.readme, *book.files.values())


def test_what_became_wrong_is_wrong_at_once_and_right_again(own: Path) -> None:
    right = (own / "pack.yaml").read_text()
    packs.find([own.parent])
    (own / "pack.yaml").write_text(right + "colour: red\n")
    for _ in range(2):
        with pytest.raises(Invalid, match="colour"):
            packs.find([own.parent])
    (own / "pack.yaml").write_text(right)
    assert packs.find([own.parent])["own"].pack.title["zh"] == "自有"
