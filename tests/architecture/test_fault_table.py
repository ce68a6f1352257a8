"""The table of what can be wrong with a backup cannot rot: each of its tests, and each case of one, exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEST = r"`(?P<file>[^:`]+)::(?P<name>\w+)`(?: `(?P<case>[^`]+)`)?"
LINE = re.compile(rf"^\| [^|]+ \| [^|]+ \| {TEST} \|$")
HEAD = 2
ROWS = [line for line in (ROOT / "docs/backup-faults.md").read_text().splitlines() if line.startswith("|")][HEAD:]


@cache
def named(file: str) -> dict[str, set[str]]:
    """Tests and tables of a file; of a table, its keys."""
    found: dict[str, set[str]] = {}
    for node in ast.parse((ROOT / file).read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = set()
        elif isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict) and isinstance(node.target, ast.Name):
            found[node.target.id] = {key.value for key in node.value.keys if isinstance(key, ast.Constant)}  # type: ignore[misc]
    return found


@pytest.mark.parametrize("row", ROWS)
def test_every_fault_has_its_test(row: str) -> None:
    line = LINE.match(row)
    assert line is not None, row
    tests = named(line["file"])
    assert line["name"] in tests, row
    if line["case"]:
        assert line["case"] in tests[line["name"]], row
    else:
        assert line["name"].startswith("test_"), row


def test_there_are_enough_of_them_and_none_twice() -> None:
    faults = [row.split("|")[1] for row in ROWS]
    assert len(faults) == len(set(faults)) >= 25
