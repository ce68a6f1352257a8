"""What every day leaves in a workspace: samples, the pictures of flows, inspection sheets, the audit trail."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from mainstay.audit import queries as audit
from mainstay.audit.models import Record
from mainstay.catalogue.models import Check, System
from mainstay.domain.actor import Actor, Role
from mainstay.domain.audit_chain import Link, digest
from mainstay.domain.chunk import Batch
from mainstay.domain.flow import Case, Stage, analyse, drawn
from mainstay.inspection.actions import run_by_hand
from mainstay.inspection.models import Line, Sheet
from mainstay.monitoring.actions.samples import compact, name_series, store_samples
from mainstay.monitoring.models import Observation, Series

BATCH = 1000
DAY = timedelta(days=1)
ANN = Actor("person:ann", Role.ADMINISTRATOR)
CASES = 25
"""Of each flow; those before the last stage have stayed too long."""


def measure(checks: Sequence[Check], now: datetime) -> None:
    """Every check has a last value; the first one all of its day."""
    last = {"unit": "s", "last_at": now.timestamp(), "last_value": 0.25}
    Series.objects.bulk_create((Series(check_of=one, metric="total", **last) for one in checks[1:]), batch_size=BATCH)
    first = checks[0]
    key = name_series([(first.pk, "total", "s")])[first.pk, "total"]
    times = np.arange((now - DAY).timestamp(), now.timestamp(), first.every)
    store_samples(Batch(np.full(len(times), key, np.int64), times, 0.2 + np.sin(times / 5000) ** 2))
    while compact():
        pass


def draw(flows: Sequence[Check], now: datetime) -> None:
    """One picture, of all of them."""
    stages = [Stage("placed", 3600.0), Stage("packed", 86400.0), Stage("paid", final=True)]
    long_ago = now.timestamp() - 7 * 86400.0
    cases = [
        Case(f"order-{number:04}", stages[number % 3].name, long_ago, 99.5 * number, "ann") for number in range(CASES)
    ]
    picture = drawn(analyse(stages, cases, [], now.timestamp()), now.timestamp())
    Observation.objects.bulk_create(
        (Observation(check_of=one, at=now, payload=picture) for one in flows), batch_size=BATCH
    )


def write_trail(count: int, now: datetime) -> None:
    """A chain that is whole: acts of one person, evenly over ninety days."""
    Record.objects.bulk_create(_records(count, now.astimezone(UTC)), batch_size=BATCH)


def _records(count: int, now: datetime) -> Iterator[Record]:
    number, before = audit.head()
    for place in range(count):
        at = now - 90 * DAY * (1 - place / count)
        link = Link(number + place + 1, at, ANN.name, "check.run", f"system-000/check-{place % 25:02}", {}, before)
        before = digest(link)
        yield Record(
            number=link.number, at=at, actor=link.actor, act=link.act, object=link.object, data={}, before=link.before,
            digest=before,
        )  # fmt: skip


def inspect(system: System, now: datetime, days: int) -> None:
    """Today's sheet as it is really made. Those of the days before have the same lines and no digest: they are for
    lists and months, and would be found out if one of them was verified."""
    made = run_by_hand(system.name, actor=ANN)
    sheets = Sheet.objects.bulk_create(
        Sheet(
            system=system, day=made.day - number * DAY, number=0, zone=made.zone, made_at=now - number * DAY,
            made_by="engine", head=made.head, state=made.state, counts=made.counts,
        )
        for number in range(1, days)
    )  # fmt: skip
    rows: list[dict[str, Any]] = list(Line.objects.filter(sheet=made).values())
    for row in rows:
        del row["id"], row["sheet_id"], row["incident_id"]
    Line.objects.bulk_create((Line(sheet=sheet, **row) for sheet in sheets for row in rows), batch_size=BATCH)
