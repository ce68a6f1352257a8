"""What the program imports is what it says it needs: no library is there by chance, as another one's."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLAYED = {"argon2-cffi", "django-axes", "django-csp", "django-htmx", "httptools", "tzdata", "uvicorn", "uvloop"}
"""Used by name: by the web server, by zoneinfo, in Django's settings."""
PARTS = {"asgiref", "pydantic_core"}
"""Parts of Django and pydantic in packages of their own, pinned by those."""


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {re.split(r"[\[<>=~!; ]", one)[0].lower() for one in project["dependencies"]}


def imported() -> set[str]:
    found = set()
    for path in (ROOT / "mainstay").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {one.name.partition(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - PARTS - {"mainstay"}


def test_what_is_imported_is_declared_and_what_is_declared_is_used() -> None:
    owners = packages_distributions()
    used = {module: {one.lower().replace("_", "-") for one in owners[module]} for module in imported()}
    assert {module for module, names in used.items() if not names & declared()} == set()
    assert declared() - set().union(*used.values()) - PLAYED == set()
