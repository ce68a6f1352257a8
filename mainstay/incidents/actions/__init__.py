"""Every write on incidents: ``following`` what the checks see, and the acts of ``people``."""

from mainstay.incidents.actions.alerts import Alert, receive
from mainstay.incidents.actions.following import follow, members_of_open, open_blind, resolve_calm
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
    "Illegal",
    "acknowledge",
    "follow",
    "members_of_open",
    "note",
    "open_blind",
    "open_by_hand",
    "receive",
    "regrade",
    "reopen",
    "resolve",
    "resolve_calm",
]
