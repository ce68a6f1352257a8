"""Every write on incidents: ``following`` what the checks see, and the acts of ``people``."""

from mainstay.incidents.actions.alerts import Alert, receive
from mainstay.incidents.actions.files import File
from mainstay.incidents.actions.following import follow, follow_blind, follow_unmuted, release, resolve_calm
from mainstay.incidents.actions.people import (
    Illegal,
    acknowledge,
    note,
    open_by_hand,
    regrade,
    reopen,
    resolve,
)

__all__ = [
    "Alert",
    "File",
    "Illegal",
    "acknowledge",
    "follow",
    "follow_blind",
    "follow_unmuted",
    "note",
    "open_by_hand",
    "receive",
    "regrade",
    "release",
    "reopen",
    "resolve",
    "resolve_calm",
]
