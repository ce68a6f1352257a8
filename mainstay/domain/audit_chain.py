"""The audit trail's chain: each record's digest covers the record and the digest before it.

An edit, a deletion or a change of order breaks the chain at the very record. Records cut off the end do not, which is
why the newest digest (the head) is kept elsewhere too and handed to ``verify``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mainstay.domain import seal
from mainstay.domain.saying import say

GENESIS = "0" * 64
"""The digest before the first record."""


@dataclass(frozen=True, slots=True)
class Link:
    """One record as the chain sees it."""

    number: int
    at: datetime
    actor: str
    act: str
    object: str
    data: Mapping[str, Any]
    before: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``broken_at`` is the number of the first record that is not as it was written, None when all are."""

    records: int
    head: str
    broken_at: int | None = None
    reason: str = ""

    @property
    def whole(self) -> bool:
        return self.broken_at is None


def digest(link: Link) -> str:
    """SHA-256 over the canonical JSON (sorted keys, no spaces, UTF-8) of everything but the digest itself."""
    content = {
        "number": link.number, "at": link.at.isoformat(), "actor": link.actor, "act": link.act,
        "object": link.object, "data": link.data, "before": link.before,
    }  # fmt: skip
    return seal.digest(content)


def verify(links: Iterable[Link], heads: Mapping[int, str]) -> Verdict:
    """Walk the records in the order of their numbers. ``heads`` are digests that were kept elsewhere, by number."""
    before, count, seen = GENESIS, 0, set()
    for link in links:
        if reason := _flaw(link, count + 1, before, heads):
            return Verdict(count, before, link.number, reason)
        before, count = link.digest, count + 1
        seen.add(link.number)
    if lost := [number for number in heads if number not in seen]:
        return Verdict(
            count, before, min(lost), say("records up to %(last)s were there once and are gone", last=max(lost))
        )
    return Verdict(count, before)


def _flaw(link: Link, expected: int, before: str, heads: Mapping[int, str]) -> str:
    if link.number != expected:
        return say("record %(number)s is missing", number=expected)
    if link.before != before:
        return say("it does not follow the record before it")
    if link.digest != digest(link):
        return say("its content was changed")
    if heads.get(link.number, link.digest) != link.digest:
        return say("it differs from the head that was kept elsewhere")
    return ""
