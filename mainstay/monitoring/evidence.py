"""Rows that were kept as evidence, as a table that people read: figures in groups of three, aligned, without noise."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mainstay.catalogue.columns import titles
from mainstay.monitoring.wording import evidence_value, format_number, in_language

Rows = Sequence[Mapping[str, Any]]
_EXACT = re.compile(r"-?\d{1,15}\.(\d{1,6})")
"""How a decimal of a database is kept in JSON."""


@dataclass(frozen=True, slots=True)
class Column:
    """``title``: what people call it, else its name. ``figures``: numbers all the way down, which stand right.
    ``decimals`` None: they are shown as they are."""

    name: str
    title: str
    figures: bool
    decimals: int | None


@dataclass(frozen=True, slots=True)
class Table:
    """Each cell is its text, and whether it is a figure."""

    columns: list[Column]
    rows: list[list[tuple[str, bool]]]


NOTHING = Table([], [])


def table(rows: Rows, language: str) -> Table:
    """As many columns as the first row has."""
    words = titles() if rows else {}
    columns = [
        _column(name, in_language(words.get(name), language) or name, [row.get(name) for row in rows])
        for name in (rows[0] if rows else ())
    ]
    return Table(columns, [[(_cell(row.get(one.name), one, language), one.figures) for one in columns] for row in rows])


def _column(name: str, title: str, values: Sequence[Any]) -> Column:
    """What may be the name of a thing, such as the number of an order, is whole: only a column with a fraction is one
    of amounts, and its figures are written alike."""
    there = [_decimals(value) for value in values if value is not None]
    figures = bool(there) and None not in there
    most = max((one for one in there if one), default=0)
    return Column(name, title, figures, most if figures and most else None)


def _decimals(value: Any) -> int | None:
    """How many decimals a number has, the noise of floating point aside; None for anything else."""
    if isinstance(value, str):
        exact = _EXACT.fullmatch(value)
        return len(exact[1]) if exact else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    text = f"{value:.12g}"
    return 0 if "e" in text or "n" in text else min(6, len(text.partition(".")[2]))


def _cell(value: Any, column: Column, language: str) -> str:
    if value is None or value == "":
        return "–"
    if column.decimals is not None:
        return format_number(float(value), column.decimals)
    return str(evidence_value(value, language))
