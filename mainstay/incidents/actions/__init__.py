"""Every write on incidents: ``following`` what the checks see, and the acts of ``people``."""

from mainstay.domain.alert import Alert
from mainstay.incidents.actions.alerts import receive
from mainstay.incidents.actions.drilling import make_real, open_for_drill
from mainstay.incidents.actions.files import File
from mainstay.incidents.actions.following import follow, follow_blind, follow_unmuted, release, resolve_calm
from mainstay.incidents.actions.judging import judge_again
from mainstay.incidents.actions.people import (
    Illegal,
    acknowledge,
    note,
    open_by_hand,
    pause,
    regrade,
    reopen,
    resolve,
    resume,
)
from mainstay.incidents.actions.raising import open_for_check
from mainstay.incidents.actions.timing import shift, watch_clocks

__all__ = [
    "Alert",
    "File",
    "Illegal",
    "acknowledge",
    "follow",
    "follow_blind",
    "follow_unmuted",
    "judge_again",
    "make_real",
    "note",
    "open_by_hand",
    "open_for_check",
    "open_for_drill",
    "pause",
    "receive",
    "regrade",
    "release",
    "reopen",
    "resolve",
    "resolve_calm",
    "resume",
    "shift",
    "watch_clocks",
]
