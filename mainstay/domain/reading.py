"""What a probe hands back: numbers, or the reason why there are none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from mainstay.domain.saying import say


class Fault(StrEnum):
    """Why a look at a target failed. The words for people are made from these at display time."""

    REFUSED = "refused"  # nobody listens, or the connection was reset
    TIMEOUT = "timeout"  # no complete answer within the deadline
    UNRESOLVED = "unresolved"  # the name has no address
    UNREACHABLE = "unreachable"  # no route, network down
    DENIED = "denied"  # the address lies outside the networks that an administrator allowed
    TLS = "tls"  # certificate or handshake
    AUTH = "auth"  # the account was refused
    STATUS = "status"  # an answer, but not the status or exit code that was expected
    CONTENT = "content"  # an answer whose content is not what was expected
    TOO_LARGE = "too_large"  # the answer went past the size that is read
    PROTOCOL = "protocol"  # the answer is not in the protocol's form
    QUERY = "query"  # the database refused the statement
    EXHAUSTED = "exhausted"  # the target has no room for another connection
    FINDING = "finding"  # a rule on the data is broken; the rows are the evidence
    MISSING = "missing"  # something that should be there is not
    FAILED = "failed"  # work that was to be done was tried and did not succeed
    DAMAGED = "damaged"  # what is stored is no longer what was stored
    SETUP = "setup"  # the check itself cannot run: a tool, a file or a secret is missing
    ALERTS = "alerts"  # not looked at by us: another program's alerts say so


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault and the detail of it: a saying, such as ``say("status %(status)s, expected %(wanted)s", …)``, or what the
    target said, as it said it.

    ``warning``: by the target's own word it is no more than that.
    """

    fault: Fault
    detail: str = ""
    warning: bool = False


def late(seconds: float) -> Problem:
    """Nothing came in so many seconds."""
    return Problem(Fault.TIMEOUT, say("no answer within %(seconds)s s", seconds=f"{seconds:g}"))


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Reading(NamedTuple):
    """One look at a target. A tuple, because thousands are made a second.

    ``values`` maps a metric's name to its number, in the unit that ``units`` names, where the target names its
    metrics itself, else the probe's ``METRICS``.
    ``problem`` says that the target is wrong (judged critical, or a warning where it says so) or, with ``blind``, that
    it could not be seen at all (judged unknown). ``rows`` and ``excerpt`` are evidence; ``payload`` is a larger result
    that a page may want to draw (a flow's picture) and is kept only in its newest form; ``payload_rows`` names the
    lists in it that hold rows of the target's data, in which columns may have to be masked as in evidence.
    """

    values: Mapping[str, float] = _NOTHING
    problem: Problem | None = None
    blind: bool = False
    excerpt: str = ""
    rows: Sequence[Mapping[str, Any]] = ()
    payload: Mapping[str, Any] | None = None
    payload_rows: Sequence[str] = ()
    units: Mapping[str, str] = _NOTHING
