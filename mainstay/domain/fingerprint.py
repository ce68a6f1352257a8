"""What a copy must hold: taken inside the snapshot of the backup, and again from what was restored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Plain values only, so that it can be kept as JSON. ``schema`` is one digest over all definitions; ``rows`` name →
    count; ``totals`` name → the number or text of a control total; ``sums`` table → digest of its whole content;
    ``files`` count, bytes and one digest over path, mode, size and content."""

    schema: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)
    totals: Mapping[str, Any] = field(default_factory=dict)
    sums: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was. ``part`` is schema, rows, totals, sums or files."""

    part: str
    name: str
    wanted: Any
    found: Any


def part(whole: Fingerprint, names: Iterable[str]) -> Fingerprint:
    """Of a fingerprint what it says of some tables: their rows and sums."""
    wanted = set(names)
    rows = {name: count for name, count in whole.rows.items() if name in wanted}
    return Fingerprint(rows=rows, sums={name: one for name, one in whole.sums.items() if name in wanted})


def compare(wanted: Fingerprint, found: Fingerprint) -> list[Difference]:
    """All that differs, in the order of the parts and names. What was never taken cannot differ; what was taken and is
    not found does."""
    differences = []
    if wanted.schema and wanted.schema != found.schema:
        differences.append(Difference("schema", "", wanted.schema, found.schema))
    for part in ("rows", "totals", "sums", "files"):
        before, after = getattr(wanted, part), getattr(found, part)
        names = sorted({*before, *(after if before else ())})
        differences += [
            Difference(part, name, before.get(name), after.get(name))
            for name in names
            if before.get(name) != after.get(name)
        ]
    return differences
