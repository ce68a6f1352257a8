"""Files of a catalogue and of packs: found, read with bounds, nothing judged yet."""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mainstay.domain.yaml_node import Flaw, Node, Unreadable
from mainstay.domain.yaml_text import MAX_BYTES, read

MAX_TOTAL = 20_000_000
"""Bytes of all files of one catalogue together."""
MAX_FILES = 2_000
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class LocatedFlaw:
    """A flaw and its file: ``file:line:column: where: what; right``."""

    file: str
    flaw: Flaw

    def __str__(self) -> str:
        return f"{self.file}:{self.flaw}"

    def plain(self) -> dict[str, object]:
        """As JSON can hold it."""
        flaw = self.flaw
        return {
            "file": self.file, "line": flaw.line, "column": flaw.column, "where": flaw.where,
            "what": flaw.what, "right": flaw.right, "level": "error" if flaw.fatal else "warning",
        }  # fmt: skip


class Invalid(ValueError):
    """The catalogue cannot be used; ``flaws`` holds everything that is wrong, warnings too."""

    def __init__(self, flaws: list[LocatedFlaw]) -> None:
        super().__init__("\n".join(map(str, flaws)))
        self.flaws = flaws


def contents(path: Path) -> dict[str, bytes]:
    """Name → bytes of the YAML files at ``path`` (a file or a directory). Raises Invalid."""
    if not path.exists():
        raise Invalid([_whole_file(path.name, f"{path} does not exist", "name a YAML file or a directory of them")])
    found: dict[str, bytes] = {}
    total = 0
    for file in _files(path):
        name = file.name if file == path else file.relative_to(path).as_posix()
        found[name] = _bounded(file, name)
        total += len(found[name])
        if len(found) > MAX_FILES:
            raise Invalid([_whole_file(name, f"more than {MAX_FILES} files", "take what is no catalogue elsewhere")])
        if total > MAX_TOTAL:
            raise Invalid([_whole_file(name, f"all files together are larger than {MAX_TOTAL // 1_000_000} MB")])
    if not found:
        raise Invalid([_whole_file(path.name, f"{path} holds no *.yaml file", "write one, or run mainstay init")])
    return found


def _whole_file(name: str, what: str, right: str = "") -> LocatedFlaw:
    return LocatedFlaw(name, Flaw(1, 1, "", what, right))


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for directory, folders, names in os.walk(path):  # links to directories are not followed
        folders[:] = sorted(folder for folder in folders if not folder.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield Path(directory) / name


def _bounded(file: Path, name: str) -> bytes:
    """At most one byte more than may be read, so that a file that is too large is known as one."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Invalid([_whole_file(name, f"cannot be read: {error.strerror}")]) from None
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Invalid([_whole_file(name, "is not a regular file")])
        return stream.read(MAX_BYTES + 1)


def parse(files: Mapping[str, bytes], flaws: list[LocatedFlaw]) -> dict[str, Node]:
    """The files that can be read as YAML; what is wrong with the others is added to ``flaws``."""
    nodes: dict[str, Node] = {}
    for name, data in files.items():
        try:
            nodes[name] = read(data)
        except Unreadable as error:
            flaws.extend(LocatedFlaw(name, flaw) for flaw in error.flaws)
    return nodes
