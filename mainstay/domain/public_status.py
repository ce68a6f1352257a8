"""What everybody may know of a system: four words for how it is, and titles that give nothing away."""

import re
from collections.abc import Collection, Iterable
from enum import StrEnum

from mainstay.domain.state import Impact, State


class Public(StrEnum):
    """How a system is, as its users would say it."""

    WORKING = "working"
    LIMITED = "limited"
    DOWN = "down"
    NOT_KNOWN = "not_known"


SERIOUS = 2
"""An incident of this level or worse limits a system, also where no check sees it."""


def judge(checks: Iterable[tuple[Impact, State]], levels: Iterable[int], *, silent: bool) -> Public:
    """From the checks of a system and the levels of its running incidents.

    ``silent``: nobody watches, so that nothing is known, whatever was seen last. What is only a risk does not count.
    A check that means an outage and cannot tell leaves the system unknown: not seeing is never green.
    """
    seen = {(impact, state) for impact, state in checks if impact is not Impact.RISK}
    if silent or not seen:
        return Public.NOT_KNOWN
    if (Impact.OUTAGE, State.CRITICAL) in seen:
        return Public.DOWN
    if (Impact.OUTAGE, State.WARNING) in seen or (Impact.DEGRADED, State.CRITICAL) in seen:
        return Public.LIMITED
    if any(level <= SERIOUS for level in levels):
        return Public.LIMITED
    blind = (Impact.OUTAGE, State.UNKNOWN) in seen or all(state is State.UNKNOWN for _, state in seen)
    return Public.NOT_KNOWN if blind else Public.WORKING


def worst(states: Iterable[Public]) -> Public:
    """The worst of some systems; not known without any. Not knowing lies between working and limited."""
    order = (Public.WORKING, Public.NOT_KNOWN, Public.LIMITED, Public.DOWN)
    return max(states, key=order.index, default=Public.NOT_KNOWN)


_ADDRESS = re.compile(r"://|[/\\@]|\d+\.\d+|\w\.\w|\w:\d|\b\w*\d\w*[a-z]\b|\b[a-z]+-?\d+\b", re.IGNORECASE | re.ASCII)
"""Addresses, paths, names of machines such as db1 or app-02."""


def tells(title: str, names: Collection[str]) -> bool:
    """Whether a title names a part of the inside: an address, a machine, or one of ``names`` as words of their own."""
    if _ADDRESS.search(title):
        return True
    return any(_names(title, name) for name in names if name)


def _names(title: str, name: str) -> bool:
    """As a word of its own; Chinese has no gaps between words."""
    if not name.isascii():
        return name in title
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", title, re.IGNORECASE) is not None
