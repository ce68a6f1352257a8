"""Am I online myself? Asked before targets that nobody reaches any more are called broken.

When Mainstay's own network is gone, targets that have nothing to do with each other stop answering in the same
moment, and none answers any more. Then their verdicts are held as unknown and one sentence is said about Mainstay,
instead of one incident about each target.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address

from mainstay.domain.reading import Fault, Reading

SILENT = frozenset({Fault.TIMEOUT, Fault.UNRESOLVED, Fault.UNREACHABLE})
"""Faults that our own missing network gives. A refusal is an answer: somebody out there spoke to us."""

LEAST = 3
"""Fewer addresses than this may well be down together."""

WINDOW = 90.0
"""Seconds for which a silence counts as the same moment: slow checks find out later than quick ones."""


@dataclass(slots=True)
class Sight:
    """What is known of the addresses that are looked at. ``silent`` maps an address to when it fell silent;
    ``returned_at`` is when we were last on line again."""

    silent: dict[str, float] = field(default_factory=dict)
    answered_at: float = float("-inf")
    returned_at: float = float("-inf")
    offline: bool = False

    def see(self, address: str, reading: Reading, at: float) -> bool:
        """Take in one look (``at``: seconds on a clock that never jumps); True when off-line began or ended now."""
        if not address or is_loopback(address):
            return False
        if is_silent(reading):
            self.silent.setdefault(address, at)
            return self._judge(at)
        self.silent.pop(address, None)
        self.answered_at = at
        ended, self.offline = self.offline, False
        if ended:
            self.returned_at = at
        return ended

    def holds(self, address: str, reading: Reading, began: float) -> bool:
        """Whether this look says nothing about its target, because we were off line ourselves when it ``began`` or are
        so now."""
        ours = self.offline or began < self.returned_at
        return ours and is_silent(reading) and bool(address) and not is_loopback(address)

    def _judge(self, at: float) -> bool:
        """Off line: enough addresses fell silent within the window, and nobody has answered since the first did."""
        if self.offline:
            return False
        fell = [since for since in self.silent.values() if at - since <= WINDOW and since > self.answered_at]
        self.offline = len(fell) >= LEAST
        return self.offline


def is_silent(reading: Reading) -> bool:
    """Whether nothing at all was heard from the target."""
    return reading.problem is not None and reading.problem.fault in SILENT


@lru_cache(maxsize=100_000)
def is_loopback(address: str) -> bool:
    """This machine itself, which answers with no network at all and so proves nothing."""
    if address == "localhost" or address.endswith(".localhost"):
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
