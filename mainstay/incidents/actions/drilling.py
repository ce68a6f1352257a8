"""Incidents of drills: opened at a leader's word, and made real when a drill ends before its fault does.

Called inside the transaction of the act on the drill, which is authorised and audited there.
"""

from collections.abc import Mapping
from datetime import datetime

from mainstay.catalogue.models import System
from mainstay.domain.actor import Actor
from mainstay.domain.clock import reach
from mainstay.domain.state import Category, Level
from mainstay.incidents.actions.ledger import BY_DRILL
from mainstay.incidents.actions.telling import tell
from mainstay.incidents.actions.timing import keep_due
from mainstay.incidents.models import Entry, Incident


def open_for_drill(
    drill: int, system: System, title: Mapping[str, str], *, category: str, level: int, now: datetime, actor: Actor
) -> Incident:
    """The incident of a drill whose fault no check is to see, or that none saw. It hangs on no component, so that a
    real fault never joins it."""
    incident = Incident.objects.create(
        key=f"{BY_DRILL}{drill}", system=system, title=dict(title), category=Category(category).value,
        level=int(Level(level)), graded_by=actor.name, opened_at=now, since=now, grounds={"by": actor.name},
        reached=reach({}, level, now), drill=drill,
    )  # fmt: skip
    keep_due(incident, now)
    Entry.objects.create(incident=incident, at=now, word="opened", actor=actor.name, data={"drill": drill})
    tell(incident.pk, "opened", now, {"by": actor.name})
    return incident


def make_real(drill: int, *, now: datetime, actor: Actor) -> list[Incident]:
    """The drill is over and its fault is not: what still runs of it is no drill any more, and everybody hears of it
    anew."""
    running = list(Incident.objects.select_for_update().filter(drill=drill).exclude(state="resolved"))
    for incident in running:
        incident.drill, incident.state, incident.since = None, "open", now
        incident.acknowledged_at, incident.acknowledged_by = None, ""
        incident.reached = reach({}, incident.level, now)
        incident.save()
        keep_due(incident, now)
        Entry.objects.create(incident=incident, at=now, word="real", actor=actor.name, data={"drill": drill})
        tell(incident.pk, "reopened", now, {"by": actor.name})
    return running
