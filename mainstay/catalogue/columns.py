"""What columns of evidence are called: a table that comes with Mainstay, and what packs say of their own queries."""

from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from mainstay.catalogue.packs import BUILT_IN, OWN
from mainstay.domain.draft import languages
from mainstay.domain.yaml_node import Unreadable, plain
from mainstay.domain.yaml_text import read

FILE = BUILT_IN / "columns.yaml"
Titles = Mapping[str, Mapping[str, str]]


def titles() -> Titles:
    """Column → its words by language. A pack of the workspace that is changed is read again."""
    own = sorted(OWN.glob("*/pack.yaml"))
    return _with(tuple((file, file.stat().st_mtime_ns) for file in own))


@lru_cache(1)
def _with(own: tuple[tuple[Path, int], ...]) -> Titles:
    found = dict(_shipped())
    for file, _changed in own:
        found |= _said_by(file)
    return found


@cache
def _shipped() -> Titles:
    found = {name: languages(words) for name, words in plain(read(FILE.read_bytes())).items()}
    for file in sorted(BUILT_IN.glob("*/pack.yaml")):
        found |= _said_by(file)
    return found


def _said_by(file: Path) -> dict[str, dict[str, str]]:
    """Of one pack; nothing of one that cannot be read, for who applies a catalogue is told why."""
    try:
        said = plain(read(file.read_bytes()))["columns"]
        return {str(name): languages(words) for name, words in said.items()}
    except (OSError, Unreadable, LookupError, TypeError, AttributeError, ValueError):
        return {}
