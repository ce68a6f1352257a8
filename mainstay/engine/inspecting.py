"""The daily inspection: sheets that are due are made, those that nobody signed in time are announced, and go higher."""

import logging
from datetime import UTC, datetime

from django.db import InterfaceError, OperationalError

from mainstay.inspection import actions

_log = logging.getLogger(__name__)


def inspect_due() -> None:
    """Each sheet stands alone: a system that cannot be inspected does not cost the others theirs."""
    for system, turn in actions.due(datetime.now(UTC)):
        try:
            sheet = actions.run_by_schedule(system, turn, datetime.now(UTC))
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            _log.exception("the inspection of %s could not be made; it comes round again", system)
        else:
            if sheet is not None:
                _log.info("inspection %s: %s is %s", sheet.pk, sheet, sheet.state)
    for late in actions.remind():
        _log.warning("inspection %s: %s was not signed in time", late.pk, late)
    for late in actions.escalate():
        _log.warning("inspection %s: %s still waits for a signature; it goes higher", late.pk, late)
