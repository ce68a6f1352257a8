"""Remedies: what is to be applied is begun, and what was begun is followed to its end."""

import logging
from datetime import UTC, datetime

from mainstay.remedies import actions

_log = logging.getLogger(__name__)


def step() -> None:
    """One round; a query or two while nothing fails."""
    actions.follow(datetime.now(UTC))
    for row in actions.begin_due(datetime.now(UTC)):
        _log.info("incident %s: the remedy %s is applied by run %s", row.incident_id, row.remedy, row.run_id)
