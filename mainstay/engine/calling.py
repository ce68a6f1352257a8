"""On call: due steps of escalations are taken, who was called hears when it is over, shifts are handed over."""

import logging
from datetime import UTC, datetime

from mainstay.on_call import actions

_log = logging.getLogger(__name__)


def call_due() -> None:
    """Who is to be called is, by the outbox."""
    now = datetime.now(UTC)
    for move in actions.call_due(now):
        _log.info("incident %s: step %d of %s: %s", move.incident_id, move.step + 1, move.escalation, move.outcome)
    actions.end_calls(now)


def hand_over_due() -> None:
    """Who comes on call gets what he has to know."""
    for row in actions.hand_over_due(datetime.now(UTC)):
        _log.info("shift of %s: from %s to %s", row.rotation, row.before or "nobody", row.after)
