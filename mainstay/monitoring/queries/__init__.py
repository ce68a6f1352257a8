"""Every read of this app: how checks stand, what changed, samples, mutes, and whether Mainstay itself lives."""

from mainstay.monitoring.queries.history import availability, changes, state_bands
from mainstay.monitoring.queries.now import (
    counts,
    muted,
    muted_checks,
    mutes,
    new_pings,
    newest_pings,
    observation,
    ping_tokens,
    pings,
    pulses,
    silent_processes,
    standings,
)
from mainstay.monitoring.queries.samples import LastValue, Point, last_values, metrics, samples

__all__ = [
    "LastValue",
    "Point",
    "availability",
    "changes",
    "counts",
    "last_values",
    "metrics",
    "muted",
    "muted_checks",
    "mutes",
    "new_pings",
    "newest_pings",
    "observation",
    "ping_tokens",
    "pings",
    "pulses",
    "samples",
    "silent_processes",
    "standings",
    "state_bands",
]
