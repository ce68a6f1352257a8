"""A pack's words about itself, and the account it asks for: one source for page, README and manual."""

from pathlib import Path

import pytest

from mainstay.catalogue import packs
from mainstay.domain.pack import GRANTS, first_words, grants

BOOKS = packs.find([packs.BUILT_IN])
ROOT = Path(__file__).resolve().parents[2]
DATABASES = sorted(name for name, book in BOOKS.items() if GRANTS in book.files)


@pytest.mark.parametrize("name", sorted(BOOKS))
def test_every_pack_says_what_it_watches_in_both_languages(name: str) -> None:
    said = first_words(BOOKS[name].readme)
    assert set(said) == {"en", "zh"}
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said["zh"])
    assert all("\n" not in text and "`" not in text and len(text) > 10 for text in said.values())


def test_both_databases_have_grants() -> None:
    assert DATABASES == ["mariadb", "postgresql"]


@pytest.mark.parametrize("name", DATABASES)
def test_readme_and_manual_say_what_the_page_says(name: str) -> None:
    said = f"```sql\n{grants(BOOKS[name], 'mainstay', 'shop')}```"
    assert said in BOOKS[name].readme
    assert said in (ROOT / "docs" / "manual" / "ten-minutes.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("pack", "user", "database", "said"),
    [
        ("postgresql", "mainstay", "Shop-1", 'grant connect on database "Shop-1" to mainstay;'),
        ("postgresql", 'a"; drop', "shop", 'grant connect on database shop to "a""; drop";'),
        ("mariadb", "reader", "my`shop", "grant select on `my``shop`.* to reader@'%';"),
    ],
)
def test_a_name_is_quoted_where_it_must_be(pack: str, user: str, database: str, said: str) -> None:
    assert said in grants(BOOKS[pack], user, database)


def test_a_pack_without_a_readme_says_nothing() -> None:
    assert first_words("") == {}
    assert first_words("# only\n\nWords *here*\ngo on.\n\nMore.") == {"en": "Words here go on."}
