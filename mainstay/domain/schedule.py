"""When each check is looked at: slots fixed by the check's own name, so that whoever takes over needs no state."""

import math
from hashlib import blake2b

SHARDS = 64
"""Checks are dealt into this many shards; a shard is what one checker leases from the others."""

_FULL = 2**64


def _digest(path: str) -> int:
    return int.from_bytes(blake2b(path.encode(), digest_size=8).digest(), "big")


def shard(path: str) -> int:
    """The shard of a check, from 0 to SHARDS - 1."""
    return _digest(path) % SHARDS


def phase(path: str, every: float) -> float:
    """Seconds after a multiple of ``every`` at which this check's slots lie; spreads checks evenly."""
    return (_digest(path) // SHARDS) / (_FULL // SHARDS) * every


def next_slot(offset: float, every: float, after: float) -> float:
    """The first slot later than ``after`` (seconds since 1970). Slots missed in between are one slot, not many."""
    count = math.floor((after - offset) / every)
    slot = offset + count * every
    while slot <= after:  # twice at most; rounding may leave the quotient one short
        count += 1
        slot = offset + count * every
    return slot


def soon(every: float) -> float:
    """Seconds until the second look after a first failure: quick, but never a storm on a target in trouble."""
    return max(1.0, min(every / 4, 15.0))


def restart_delay(deaths: int) -> float:
    """Seconds to wait before a process that died ``deaths`` times in short order is started again."""
    return min(0.5 * 2.0 ** min(deaths - 1, 10), 30.0)
