"""What is seen when an incident begins is kept with it: a row says who looks, and one for each place what was seen."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef

from mainstay.catalogue.models import Component
from mainstay.diagnosis.models import Examination, Exhibit
from mainstay.domain.evidence import kept, plain
from mainstay.domain.saying import stored
from mainstay.incidents.models import Incident
from mainstay.incidents.queries import RUNNING

FRESH = timedelta(minutes=30)
"""An incident that has run longer shows other things by now than when it began."""
LOST = timedelta(minutes=2)
"""Who has not ended by then has died."""
TRIES = 3


@dataclass(frozen=True, slots=True)
class Taken:
    """What one place showed; as ``Exhibit``. ``problem``: why it could not be had, ``missing``: what was not seen."""

    component: Component
    kind: str
    source: str = ""
    text: str = ""
    rows: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    missing: tuple[str, ...] = ()


def begin_due(now: datetime) -> Examination | None:
    """Take one incident that began lately and was not looked at, or by one who died; None where there is none."""
    done = Examination.objects.filter(incident=OuterRef("pk"), since=OuterRef("since"))
    fresh = Incident.objects.filter(state__in=RUNNING, since__gte=now - FRESH, system__isnull=False)
    incident = fresh.filter(~Exists(done)).order_by("level", "since").first()
    if incident is not None:
        try:
            with transaction.atomic():
                return Examination.objects.create(incident=incident, since=incident.since, begun_at=now)
        except IntegrityError:  # another engine was first
            return None
    lost = Examination.objects.filter(ended_at=None, begun_at__lt=now - LOST, since__gte=now - FRESH, attempt__lt=TRIES)
    for row in lost.select_related("incident")[:1]:
        again = Examination.objects.filter(pk=row.pk, begun_at=row.begun_at, ended_at=None)
        if again.update(begun_at=now, attempt=F("attempt") + 1):
            return row
    return None


def keep(examination: Examination, taken: Taken, now: datetime) -> None:
    """Once for each place: what was kept before a death stays as it is."""
    Exhibit.objects.bulk_create(
        [Exhibit(
            examination=examination, component=taken.component, kind=taken.kind, source=taken.source[:300],
            taken_at=now, text=str(plain(taken.text)), rows=kept(taken.rows), problem=stored(taken.problem, 1000),
            missing=[stored(one, 1000) for one in taken.missing],
        )],
        ignore_conflicts=True,
    )  # fmt: skip


def end(examination: Examination, now: datetime) -> None:
    """All places were looked at."""
    Examination.objects.filter(pk=examination.pk, ended_at=None).update(ended_at=now)
