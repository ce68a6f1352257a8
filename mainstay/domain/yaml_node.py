"""A YAML document in memory: values, each with its place, and what can be wrong at a place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

Scalar = str | int | float | bool | None
Place = tuple[int, int]
"""Line and column, both counted from 1."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong at a place of a text: where in the document, what is wrong, and what would be right."""

    line: int
    column: int
    where: str
    what: str
    right: str = ""
    fatal: bool = True
    """False for a warning."""

    def __str__(self) -> str:
        parts = [self.where, self.what] if self.where else [self.what]
        return f"{self.line}:{self.column}: " + ": ".join(parts) + (f"; {self.right}" if self.right else "")


class Unreadable(ValueError):
    """The text cannot be read; ``flaws`` say where and why."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__("\n".join(map(str, flaws)))
        self.flaws = list(flaws)


@dataclass(slots=True)
class Node:
    """A value at its place. A mapping also remembers the places of its keys."""

    place: Place
    value: "Scalar | list[Node] | dict[str, Node]"
    keys: dict[str, Place] = field(default_factory=dict)
    weight: int = 1
    """Nodes and characters, aliases counted as often as they are used."""
    height: int = 0
    """Levels of nesting inside."""


def plain(node: Node) -> Any:
    """The values alone."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def locate(node: Node, path: Iterable[str | int], key: bool = False) -> Place:
    """The place of what ``path`` leads to, or of the nearest thing above it that exists.

    With ``key`` the place of the last key itself. Steps that are not in the text are passed over, for a validator
    puts the names of its own types between them.
    """
    place = node.place
    for step in path:
        if isinstance(node.value, dict) and isinstance(step, str) and step in node.value:
            place = node.keys[step]
            node = node.value[step]
        elif isinstance(node.value, list) and isinstance(step, int) and 0 <= step < len(node.value):
            node = node.value[step]
            place = node.place
    return place if key else node.place
