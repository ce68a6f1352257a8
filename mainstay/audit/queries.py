"""Reading and verifying the audit trail."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from mainstay.audit.models import Record
from mainstay.domain.audit_chain import Link, Verdict
from mainstay.domain.audit_chain import verify as verify_chain
from mainstay.settings import DATA

HEADS = DATA / "audit-heads.log"
"""Heads as they were each day, one JSON object a line. ``to`` is the channel that each was given to, empty when nobody
was told: then this is the only copy, and whoever can write here can cut it too. Copies elsewhere are what counts."""


SORTS = {"newest": "-number", "oldest": "number"}


def records(act: str = "", actor: str = "", text: str = "", sort: str = "newest") -> QuerySet[Record]:
    """By what people ask for; ``act`` may also be the first word of acts."""
    found = Record.objects.order_by(SORTS[sort])
    if act:
        found = found.filter(Q(act=act) | Q(act__startswith=f"{act}."))
    if actor:
        found = found.filter(actor__icontains=actor)
    if text:
        found = found.filter(Q(object__icontains=text) | Q(actor__icontains=text) | Q(act__icontains=text))
    return found


def head() -> tuple[int, str]:
    """Number and digest of the newest record; (0, zeros) of an empty trail."""
    return Record.objects.order_by("-number").values_list("number", "digest").first() or (0, "0" * 64)


def verify(heads: Mapping[int, str] | None = None) -> Verdict:
    """Walk the whole trail, against the heads given and those noted on this machine."""
    known = {**noted_heads(), **(heads or {})}
    return verify_chain(map(_link, Record.objects.order_by("number").iterator(chunk_size=2000)), known)


def noted_heads() -> dict[int, str]:
    """Number → digest of every head in the local log. A line that a power failure cut short is passed over: only the
    copies elsewhere are safe from who can write here."""
    if not HEADS.exists():
        return {}
    return dict(found for line in HEADS.read_bytes().splitlines() if (found := _noted(line)) is not None)


def _noted(line: bytes) -> tuple[int, str] | None:
    try:
        row = json.loads(line)
        return int(row["number"]), str(row["digest"])
    except (ValueError, KeyError, TypeError):
        return None


def export() -> Iterator[str]:
    """The trail as JSON lines, oldest first; ``verify_lines`` checks them anywhere, without this database."""
    for row in Record.objects.order_by("number").iterator(chunk_size=2000):
        yield json.dumps(
            {
                "number": row.number, "at": row.at.isoformat(), "actor": row.actor, "act": row.act,
                "object": row.object, "data": row.data, "before": row.before, "digest": row.digest,
            },
            ensure_ascii=False,
        )  # fmt: skip


def _link(row: Record) -> Link:
    fields: tuple[Any, ...] = (row.number, row.at, row.actor, row.act, row.object, row.data, row.before, row.digest)
    return Link(*fields)


def verify_lines(lines: Iterable[str], heads: Mapping[int, str]) -> Verdict:
    """Check exported lines. Raises ValueError for a line that is no record."""
    return verify_chain((Link(**_read(line)) for line in lines if line.strip()), heads)


def _read(line: str) -> dict[str, Any]:
    row = json.loads(line)
    return {**row, "at": datetime.fromisoformat(row["at"])}
