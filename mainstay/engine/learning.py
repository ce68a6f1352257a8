"""What follows from incidents that are over: reviews are opened, and actions chased until they are done."""

import logging
from datetime import UTC, datetime

from mainstay.reviews import actions

_log = logging.getLogger(__name__)


def follow() -> None:
    """Reviews that are due, facts that have changed, actions that did not help."""
    now = datetime.now(UTC)
    if opened := actions.open_due(now):
        _log.info("reviews opened: %d", opened)
    actions.renew(now)
    if again := actions.open_again(now):
        _log.warning("the same fault again; actions that are open again: %d", again)


def chase() -> None:
    """Actions that are due, and risks whose time is over."""
    now = datetime.now(UTC)
    actions.lapse(now)
    if told := actions.chase(now):
        _log.info("actions that are due: told %d", told)
