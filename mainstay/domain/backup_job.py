"""What becomes of a backup job that did not get through: another try, or the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

TRIES = 3
FIRST = timedelta(minutes=2)
"""Pause after the first try that failed; pgBackRest's workers may hold their lock for 45 s after they were orphaned."""
LEASE = timedelta(seconds=60)
"""For how long a worker that gives no sign keeps its job."""
RENEW = 3.0
"""Seconds between two signs of a worker."""
OWED_AGAIN = timedelta(hours=1)
"""When a copy that did not reach the second site is tried again, after its job has failed."""


def next_try(attempt: int, now: datetime, *, retry: bool) -> datetime | None:
    """When to try again after so many attempts; None when it has failed."""
    if not retry or attempt >= TRIES:
        return None
    return now + FIRST * (1 << attempt - 1)


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a running job is: its stage, how many percent of that (None: nobody knows), and when all of it should be
    over, by the bytes of this stage or else by how long such jobs took before."""

    stage: str
    percent: int | None
    end: datetime | None


def pace(progress: Mapping[str, Any], began: datetime | None, usual: Sequence[float], now: datetime) -> Pace:
    """``progress`` as a job keeps it; ``usual``: seconds that the last jobs of its kind took."""
    done, total = int(progress.get("done") or 0), int(progress.get("total") or 0)
    percent = min(100, 100 * done // total) if total > 0 else None
    ends = []
    if began is not None and usual:
        ends.append(began + timedelta(seconds=median(usual)))
    if total > 0 and done > 0 and progress.get("since"):
        since = datetime.fromisoformat(str(progress["since"]))
        ends.append(now + (now - since) * max(0.0, total / done - 1))
    later = [end for end in ends if end > now]
    return Pace(str(progress.get("stage") or ""), percent, max(later, default=None))
