"""When to try a delivery again: from 10 s to an hour, without ever giving up within a day."""

import hashlib
from datetime import datetime, timedelta

FIRST, LONGEST = 10.0, 3600.0
"""Seconds."""
GIVE_UP = timedelta(days=2)
GIVE_UP_REFUSED = timedelta(days=1)
"""A receiver that said no may have been set up wrongly, and be put right within the day."""


def next_try(attempts: int, now: datetime, key: str, *, refused: bool = False) -> datetime:
    """The time of the try after ``attempts`` failed ones. Spread by a tenth to either side, always alike for the same
    key. A receiver that refused is not asked again before the longest pause."""
    pause = LONGEST if refused else min(LONGEST, FIRST * 2.0 ** min(attempts - 1, 20))
    spread = int.from_bytes(hashlib.sha256(f"{key}/{attempts}".encode()).digest()[:4]) / 2**32
    return now + timedelta(seconds=pause * (0.9 + 0.2 * spread))


def is_hopeless(first_due: datetime, now: datetime, *, refused: bool = False) -> bool:
    """Whether the receiver has been away, or has refused, for so long that a person must look."""
    return now - first_due > (GIVE_UP_REFUSED if refused else GIVE_UP)
