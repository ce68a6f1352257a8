"""Evidence as it may be kept: only what JSON and every database hold, and nothing that must not be seen."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

MASKED = "•••"

_DEEPEST = 12


def masked(rows: Sequence[Mapping[str, Any]], columns: Collection[str]) -> list[dict[str, Any]]:
    """The rows with the values of some columns (in any case of letters) put out of sight."""
    hidden = {column.casefold() for column in columns}
    return [{key: MASKED if str(key).casefold() in hidden else value for key, value in row.items()} for row in rows]


def kept(values: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping in plain values."""
    return {_text(str(key)): plain(value, 1) for key, value in values.items()}


def plain(value: Any, depth: int = 0) -> Any:
    """The value as JSON that SQLite and PostgreSQL both take: other types become their text, so do NaN and infinity;
    NUL and lone surrogates become the replacement character."""
    if value is None or isinstance(value, bool | int):
        return value if value is None or abs(value) < 2**63 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {_text(str(key)): plain(item, depth + 1) for key, item in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    return _text(value if isinstance(value, str) else str(value))


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")
