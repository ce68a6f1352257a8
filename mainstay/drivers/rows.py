"""What a query gives, held within bounds: so many rows, so long a cell, so much in all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mainstay.domain.reading import Fault, Problem
from mainstay.domain.saying import changed

MOST_ROWS = 1000
MOST_CELL = 2_000
"""Characters of one value; the server is asked to cut there, and what it sends nevertheless is cut here."""
MOST_RESULT = 8_000_000
"""Characters of one result, over all rows."""
MOST_EVIDENCE = 64_000
"""Characters of the rows that are kept as evidence."""
MOST_RECEIVED = 32_000_000
"""Bytes that a server may send in answer to one query, before its line is cut."""

MOST_GREETING = 250_000
"""Bytes that a server may send until it has let us in: its certificates, its settings, what it tells everybody."""


class Unread(Exception):
    """The database could not be read; ``problem`` says why."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(fault, changed(detail, _first_line))


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:500] if text.strip() else ""


@dataclass(frozen=True, slots=True)
class Rows:
    """At most the rows asked for, and whether there were more."""

    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    more: bool


def gathered(columns: Sequence[str], found: Iterable[Sequence[Any]], limit: int) -> Rows:
    """The first rows, as far as they fit."""
    names = tuple(_unique(columns))
    rows: list[dict[str, Any]] = []
    size = 0
    for values in found:
        if len(rows) == limit or size > MOST_RESULT:
            return Rows(names, rows, more=True)
        cells = [cut(value) for value in values]
        size += sum(map(_size, cells))
        rows.append(dict(zip(names, cells, strict=True)))
    return Rows(names, rows, more=False)


def cut(value: Any) -> Any:
    """A text or bytes of bearable length; anything else as it is."""
    if isinstance(value, bytes | bytearray | memoryview):
        return "\\x" + bytes(value[: MOST_CELL // 2]).hex() + ("…" if len(value) > MOST_CELL // 2 else "")
    if isinstance(value, str) and len(value) > MOST_CELL:
        return value[:MOST_CELL] + "…"
    return value


def shown(rows: Iterable[Mapping[str, Any]], limit: int = MOST_ROWS) -> list[Mapping[str, Any]]:
    """As many of the first rows as may be kept as evidence."""
    return list(_fitting(rows, limit))


def _fitting(rows: Iterable[Mapping[str, Any]], limit: int) -> Iterator[Mapping[str, Any]]:
    size = 0
    for number, row in enumerate(rows):
        size += sum(len(key) + _size(value) + 6 for key, value in row.items())
        if number >= limit or (size > MOST_EVIDENCE and number):
            return
        yield row


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str) else 20


def _unique(columns: Sequence[str]) -> Iterator[str]:
    """Two columns of one name would be one key: the second is called ``name_2``."""
    seen: dict[str, int] = {}
    for name in columns:
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name}_{seen[name]}"
