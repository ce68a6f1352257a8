"""Announcing an incident to the channels that its system and level want."""

from datetime import datetime
from typing import Any

from mainstay.incidents.models import Incident
from mainstay.notices.actions import announce


def tell(incident_id: int, word: str, now: datetime, data: dict[str, Any]) -> None:
    """Write the notice's outbox rows, in the transaction that it is about."""
    incident = Incident.objects.select_related("system").get(pk=incident_id)
    system = incident.system
    announce(
        incident_id, word, now, data, level=incident.level, system=system.name if system else "",
        only=system.document.get("notify", []) if system else [],
    )  # fmt: skip
