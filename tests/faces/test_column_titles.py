"""Columns of evidence have titles in the reader's language: of what is shipped all, of a pack's own what it says."""

import re
from pathlib import Path

import pytest
import sqlglot
import yaml

from mainstay.catalogue import columns
from mainstay.domain.document import Pack
from mainstay.monitoring.evidence import table

PACKS = Path(columns.FILE).parent
SQL = re.compile(r"\s*(--.*\n)*\s*(select|with)\b", re.IGNORECASE)


def queries() -> list[str]:
    """Every query of a rule that comes with Mainstay; parameters stand for themselves."""
    texts = [file.read_text("utf-8") for file in sorted(PACKS.rglob("*.sql")) if file.name != "grants.sql"]
    return [re.sub(r"\$\((\w+)\)", r"\1", text) for text in texts if SQL.match(text)]


def test_every_column_of_the_packs_is_called_something_in_both_languages() -> None:
    known = columns.titles()
    assert all(set(words) == {"en", "zh"} for words in known.values())
    named = {name for text in queries() for name in sqlglot.parse_one(text, read="postgres").named_selects}
    assert len(named) > 50
    assert named - known.keys() - {"*"} == set()


def test_a_pack_names_its_own_and_the_rest_keeps_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "OWN", tmp_path)
    rows = [{"number": "S-1", "freight": 3.5, "odd": 1}]
    assert [one.title for one in table(rows, "zh").columns] == ["编号", "freight", "odd"]
    said = {
        "pack": "own",
        "title": "Own",
        "kinds": ["sql"],
        "checks": {},
        "columns": {"freight": {"en": "Freight", "zh": "运费"}},
    }
    Pack.model_validate(said)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "pack.yaml").write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
    assert [one.title for one in table(rows, "zh").columns] == ["编号", "运费", "odd"]
    assert [one.title for one in table(rows, "en").columns] == ["Number", "Freight", "odd"]
    assert table(rows, "zh-hant").columns[0].title == "編號"
    (tmp_path / "own" / "pack.yaml").write_text("columns: [", encoding="utf-8")
    assert table(rows, "en").columns[1].title == "freight", "what cannot be read takes no page down"
