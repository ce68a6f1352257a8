"""Any edit, deletion or change of order is found; a cut tail too, with a head that was kept elsewhere."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mainstay.domain.audit_chain import GENESIS, Link, digest, verify

Chain = list[Link]


def chain(length: int = 5) -> Chain:
    links: Chain = []
    for number in range(1, length + 1):
        before = links[-1].digest if links else GENESIS
        at = datetime(2026, 1, 1, 0, 0, number, tzinfo=UTC)
        link = Link(number, at, "person:alice", "incident.note", "incident 7", {"text": "早"}, before)
        links.append(replace(link, digest=digest(link)))
    return links


def edited(links: Chain) -> Chain:
    return [replace(link, actor="person:bob") if link.number == 3 else link for link in links]


def edited_with_a_new_digest(links: Chain) -> Chain:
    forged = replace(links[2], actor="person:bob")
    return [*links[:2], replace(forged, digest=digest(forged)), *links[3:]]


TAMPERING: dict[str, tuple[Callable[[Chain], Chain], int]] = {
    "edit": (edited, 3),
    "edit with a new digest": (edited_with_a_new_digest, 4),
    "deletion": (lambda links: links[:2] + links[3:], 4),
    "first one gone": (lambda links: links[1:], 2),
    "order": (lambda links: [links[0], links[2], links[1], *links[3:]], 3),
    "a copy": (lambda links: [*links[:3], links[2], *links[3:]], 3),
}


def test_an_untouched_chain_is_whole() -> None:
    verdict = verify(chain(), {})
    assert (verdict.whole, verdict.records, verdict.head) == (True, 5, chain()[-1].digest)
    assert verify([], {}).whole


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_found_where_it_is(name: str) -> None:
    tamper, place = TAMPERING[name]
    verdict = verify(tamper(chain()), {})
    assert verdict.broken_at == place
    assert verdict.reason


def test_a_cut_tail_is_found_only_with_a_head() -> None:
    assert verify(chain()[:3], {}).whole
    assert verify(chain()[:3], {5: chain()[-1].digest}).broken_at == 5


def test_a_chain_written_anew_differs_from_its_head() -> None:
    head = {2: "f" * 64}
    assert verify(chain(), head).broken_at == 2
