"""What follows from an incident: its review, why it happened, and the actions that it, or a drill, leads to."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

from mainstay.domain.saying import say
from mainstay.domain.state import Level

REVIEWED = Level.PARTIAL
"""Incidents as severe as this, or more, are reviewed without anybody asking for it."""
MOST_WHYS = 10
SOON = timedelta(days=3)
"""So long before an action is due its owner hears of it."""
HIGHER = timedelta(days=7)
"""An action that is overdue for so long goes to those who approve."""

AGAIN = timedelta(days=7)
"""So long an action has that is opened again."""


class State(StrEnum):
    """A review waits to be held; it was held; its causes are known and its actions agreed."""

    OPEN = "open"
    HELD = "held"
    CLOSED = "closed"


class Cause(StrEnum):
    """Of what kind the root cause is."""

    CHANGE = "change"
    SOFTWARE = "software"
    CONFIGURATION = "configuration"
    CAPACITY = "capacity"
    HARDWARE = "hardware"
    NETWORK = "network"
    DATA = "data"
    HANDLING = "handling"
    VENDOR = "vendor"
    UNKNOWN = "unknown"


class Ending(StrEnum):
    """The five ways in which an action ends; there is no other."""

    CHECK = "check"
    RULE = "rule"
    RUNBOOK = "runbook"
    TRAINING = "training"
    RISK = "accepted-risk"


class ActionState(StrEnum):
    """``reopened``: it was done, and the same fault came again, or the time of an accepted risk ran out."""

    OPEN = "open"
    DONE = "done"
    REOPENED = "reopened"


class Chase(StrEnum):
    """What is said of an action that is not done."""

    SOON = "action-soon"
    LATE = "action-late"
    HIGHER = "action-higher"


def lacking(cause: str, whys: Sequence[str], actions: int, nothing: str) -> str:
    """What a review needs before it can be closed, in words; empty when it has all of it."""
    if not cause:
        return say("say of what kind the cause is")
    if not whys:
        return say("say why it happened")
    if not actions and not nothing.strip():
        return say("add an action, or say why none is needed")
    return ""


def chased(due: date, today: date) -> list[Chase]:
    """What is to be said by now of an action that is due on a day."""
    if today >= due + HIGHER:
        return [Chase.LATE, Chase.HIGHER]
    if today > due:
        return [Chase.LATE]
    return [Chase.SOON] if today >= due - SOON else []
