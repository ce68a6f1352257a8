"""How the clocks of incidents stand: for any number of them by a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from mainstay.catalogue.practices import Practices
from mainstay.domain import clock
from mainstay.domain.clock import Course, Reading, next_due, readings
from mainstay.incidents.models import Incident, Pause


@dataclass(frozen=True, slots=True)
class Clocked:
    """An incident's clocks, the one for the response first, and the pause that lasts, if any."""

    readings: list[Reading]
    pause: Pause | None = None

    @property
    def due_at(self) -> datetime | None:
        """When the next of them runs out, or the first did."""
        return next_due(self.readings)

    @property
    def next(self) -> Reading | None:
        """The one that matters now: of those that are not over the one that is due first."""
        running = [one for one in self.readings if one.stand is not clock.Stand.OVER]
        return min(running, key=lambda one: one.left, default=None)


def clocks_of(incidents: Collection[Incident], now: datetime, practices: Practices | None = None) -> dict[int, Clocked]:
    """By incident; their systems should have been loaded with them."""
    if not incidents:
        return {}
    known = practices or Practices.read()
    pauses: dict[int, list[Pause]] = defaultdict(list)
    for row in Pause.objects.filter(incident__in=[one.pk for one in incidents]):
        pauses[row.incident_id].append(row)
    return {one.pk: _clocked(one, known, pauses[one.pk], now) for one in incidents}


def _clocked(incident: Incident, practices: Practices, pauses: list[Pause], now: datetime) -> Clocked:
    """What was paused before it was opened again is past."""
    own = [row for row in pauses if row.begun_at >= incident.counted_since]
    over = incident.resolved_at if incident.state == "resolved" else None
    course = Course(
        clock.reached_at(incident.reached, incident.level, incident.counted_since), incident.counted_acknowledged, over,
        [clock.Pause(row.begun_at, row.ended_at or over) for row in own],
    )  # fmt: skip
    limits = practices.limits(incident.system, incident.level, incident.category)
    lasting = next((row for row in own if row.ended_at is None), None) if over is None else None
    return Clocked(readings(limits, course, now), lasting)
