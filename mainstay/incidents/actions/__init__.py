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
from mainstay.incidents.actions.raising import open_for_check

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
    "open_for_check",
    "receive",
    "regrade",
    "release",
    "reopen",
    "resolve",
    "resolve_calm",
]
