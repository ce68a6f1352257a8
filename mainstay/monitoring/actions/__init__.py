"""Every write of this app: what operators do, what the checker observed, and how samples are kept."""

from mainstay.monitoring.actions.exercising import begin_exercise, end_exercise
from mainstay.monitoring.actions.observed import (
    NewPing,
    clock_moved,
    end_pulse,
    forget_pulses,
    own_check,
    pulse,
    record_changes,
    record_observations,
    record_pings,
    record_standings,
    take_run_requests,
    touch_standings,
)
from mainstay.monitoring.actions.operators import mute, ping_token, request_run, unmute
from mainstay.monitoring.actions.samples import compact, expire, name_series, store_samples, tend

__all__ = [
    "NewPing",
    "begin_exercise",
    "clock_moved",
    "compact",
    "end_exercise",
    "end_pulse",
    "expire",
    "forget_pulses",
    "mute",
    "name_series",
    "own_check",
    "ping_token",
    "pulse",
    "record_changes",
    "record_observations",
    "record_pings",
    "record_standings",
    "request_run",
    "store_samples",
    "take_run_requests",
    "tend",
    "touch_standings",
    "unmute",
]
