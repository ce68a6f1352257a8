"""When to try a delivery again: from 10 s to an hour, without ever giving up within a day."""

import hashlib
from datetime import datetime, timedelta

FIRST, LONGEST = 10.0, 3600.0
"""Seconds."""
GIVE_UP = timedelta(days=2)


def next_try(attempts: int, now: datetime, key: str) -> datetime:
    """The time of the try after ``attempts`` failed ones. Spread by up to a fifth, always alike for the same key."""
    pause = min(LONGEST, FIRST * 2.0 ** min(attempts - 1, 20))
    spread = int.from_bytes(hashlib.sha256(f"{key}/{attempts}".encode()).digest()[:4]) / 2**32
    return now + timedelta(seconds=pause * (0.9 + 0.2 * spread))


def is_hopeless(first_due: datetime, now: datetime) -> bool:
    """Whether the receiver has refused for so long that a person must look."""
    return now - first_due > GIVE_UP
