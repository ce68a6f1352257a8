"""Announcing incidents to the channels that their system and level want."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from mainstay.incidents.models import Incident
from mainstay.notices.actions import Telling, announce_all


class News(NamedTuple):
    """Something about an incident that people should know."""

    incident_id: int
    word: str
    at: datetime
    data: dict[str, Any]
    level: int | None = None
    """The incident's at that moment, where it has changed since."""


def tell(incident_id: int, word: str, now: datetime, data: dict[str, Any]) -> None:
    """Write the notice's outbox rows, in the transaction that it is about."""
    tell_all([News(incident_id, word, now, data)])


def tell_all(news: Sequence[News]) -> None:
    """The same for many, in a fixed number of queries."""
    found = Incident.objects.select_related("system").in_bulk({one.incident_id for one in news})
    announce_all([_telling(one, found[one.incident_id]) for one in news])


def _telling(one: News, incident: Incident) -> Telling:
    system = incident.system
    return Telling(
        one.incident_id, one.word, one.at, one.data, level=one.level or incident.level,
        category=incident.category, system=system.name if system else "",
        only=system.document.get("notify", []) if system else (),
    )  # fmt: skip
