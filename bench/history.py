"""A workspace with a past: ``python -m bench.history`` in an empty one, 200 systems and a million state changes.

The same seed gives the same rows, shifted to end now. Nobody is told anything: every delivery is on record as sent.
``--systems 3 --changes 1000`` and so on make a small one.
"""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice, pairwise
from random import Random
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mainstay.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from bench import daily, helped, kept  # noqa: E402
from mainstay.catalogue.models import Channel, Check, Component, Original, System  # noqa: E402
from mainstay.incidents.models import Entry, Incident, Member  # noqa: E402
from mainstay.monitoring.models import Standing, StateChange  # noqa: E402
from mainstay.notices.models import Delivery, Notice  # noqa: E402


@dataclass(frozen=True, slots=True)
class Scale:
    """How much there is; ``parts`` and ``checks`` of each system, ``sheets`` of each one that is ``inspected``,
    ``copies`` of each one that is ``backed_up``; people have asked about each one that is ``helped``."""

    systems: int = 200
    parts: int = 5
    checks: int = 25
    changes: int = 1_000_000
    incidents: int = 10_000
    running: int = 40
    channels: int = 2
    inspected: int = 3
    sheets: int = 90
    backed_up: int = 50
    copies: int = 90
    helped: int = 50
    records: int = 100_000


DAYS = 90.0
KINDS = (*(("http", "system"),) * 4, ("integrity", "data"), ("flow", "business"))
IMPACTS = ("outage", "degraded", "degraded", "risk")
MEMBERS = ("root", "joined", "echo")
BATCH = 1000


def fill(now: datetime, scale: Scale) -> None:
    """Ninety days that end ``now``, in an empty database that is up to date."""
    random = Random(1)
    with transaction.atomic():
        checks = _catalogue(scale)
        _changes([check.pk for check in checks], now, random, scale)
        _incidents(checks, now, random, scale)
        daily.measure(checks, now)
        daily.draw([check for check in checks if check.kind == "flow"], now)
        daily.write_trail(scale.records, now)
        for system in System.objects.order_by("pk")[: scale.inspected]:
            daily.inspect(system, now, scale.sheets)
        kept.keep(System.objects.order_by("pk")[: scale.backed_up], now, scale.copies)
        helped.keep(System.objects.order_by("pk")[: scale.helped], now)


def _catalogue(scale: Scale) -> list[Check]:
    """Parts that lean each on the one before, and the checks dealt among them."""
    systems = System.objects.bulk_create(
        System(
            name=f"system-{number:03}", title={"en": f"System {number}", "zh": f"系统 {number}"}, tier=1 + number % 3,
            objectives={"availability": 99.5}, document={"system": f"system-{number:03}"},
        )
        for number in range(scale.systems)
    )  # fmt: skip
    parts = Component.objects.bulk_create(
        Component(system=system, name=f"part-{number}", kind="http", title={"en": f"Part {number}"})
        for system in systems
        for number in range(scale.parts)
    )
    needs = Component.depends_on.through
    needs._default_manager.bulk_create(
        needs(from_component_id=one.pk, to_component_id=other.pk)
        for one, other in pairwise(parts)
        if one.system_id == other.system_id
    )
    document = {"timeout": "5s", "warn": ["> 1s for 1m"], "crit": ["> 3s"], "help": {"en": "Look at its log"}}
    rows = [
        Check(
            system=system, component=parts[place * scale.parts + number % scale.parts], name=f"check-{number:02}",
            title={"en": f"Check {number}", "zh": f"检查 {number}"}, kind=kind, every=60.0, category=category,
            impact=IMPACTS[number % len(IMPACTS)], document=document,
        )
        for place, system in enumerate(systems)
        for number, (kind, category) in enumerate(islice(cycle(KINDS), scale.checks))
    ]  # fmt: skip
    made = Check.objects.bulk_create(rows, batch_size=BATCH)
    Original.objects.bulk_create(
        Original(system=system, text=json.dumps(_written(system.name, made[place * scale.checks :][: scale.checks])))
        for place, system in enumerate(systems)
    )
    return made


def _written(system: str, checks: Sequence[Check]) -> dict[str, Any]:
    """What a user would have written for it."""
    parts = {
        check.component.name: {"kind": "http", "url": "http://127.0.0.1:1/"} for check in checks if check.component
    }
    return {
        "system": system, "components": parts,
        "checks": {
            check.name: {
                "probe": {"kind": check.kind, "on": check.component.name if check.component else ""}, "every": "1m",
                "warn": check.document["warn"], "crit": check.document["crit"],
            }
            for check in checks
        },
    }  # fmt: skip


# States

_FINE = {"fault": "", "detail": "", "condition": "", "metric": "", "value": None, "unit": ""}
_SLOW = {**_FINE, "condition": "> 3s", "metric": "total", "value": 3.4, "unit": "s"}


def _changes(checks: Sequence[int], now: datetime, random: Random, scale: Scale) -> None:
    """Each check goes wrong and is right again a hundred times; one in fifty stands wrong at the end."""
    last: dict[int, tuple[str, datetime]] = {}
    adapt = connection.ops.adapt_datetimefield_value
    fine, slow, evidence = json.dumps(_FINE), json.dumps(_SLOW), json.dumps({"rows": [], "excerpt": ""})

    def rows() -> Iterator[tuple[Any, ...]]:
        for place, check in enumerate(checks):
            count = scale.changes // len(checks) + (place % 50 > 0)
            state = "unknown"
            for turn, day in enumerate(sorted(random.uniform(0.0, DAYS) for _ in range(count))):
                before, at = state, now - timedelta(days=DAYS - day)
                state = random.choice(("warning", "critical")) if turn % 2 else "ok"
                last[check] = state, at
                yield check, adapt(at), before, state, slow if turn % 2 else fine, evidence, ""

    made = rows()
    with connection.cursor() as cursor:
        while some := list(islice(made, 20 * BATCH)):  # Django keeps what it is given until the statement is over
            cursor.executemany(
                f"INSERT INTO {StateChange._meta.db_table} (check_id, at, before, after, message, evidence, muted) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                some,
            )
    Standing.objects.bulk_create(
        (
            Standing(
                check_of_id=check, state=state, since=since, looked_at=now, updated_at=now,
                message=_FINE if state == "ok" else _SLOW,
            )
            for check, (state, since) in last.items()
        ),
        batch_size=BATCH,
    )  # fmt: skip


# Incidents and who was told


def _incidents(checks: Sequence[Check], now: datetime, random: Random, scale: Scale) -> None:
    """Three checks of one system each, six lines, two notices on two channels; the last ones are still running."""
    rows, members = [], []
    for number in range(scale.incidents):
        first = random.randrange(scale.systems) * scale.checks
        root, *others = random.sample(checks[first : first + scale.checks], len(MEMBERS))
        at = now - timedelta(days=DAYS * (1 - number / scale.incidents) * random.uniform(0.99, 1.0), minutes=1)
        over = None if number >= scale.incidents - scale.running else at + timedelta(minutes=random.uniform(1, 120))
        rows.append(Incident(
            key=f"{number}:{root}", system=root.system, root=root.component, title=root.title, category=root.category,
            level=1 + number % 3, state="resolved" if over else "open", opened_at=at, since=at, resolved_at=over,
            resolved_by="engine" if over else "",
        ))  # fmt: skip
        members.append([root, *others])
    made = Incident.objects.bulk_create(rows, batch_size=BATCH)
    Member.objects.bulk_create(
        (
            Member(
                incident=incident, check_of=check, role=role, state="ok" if incident.resolved_at else "critical",
                joined_at=incident.opened_at, recovered_at=incident.resolved_at,
            )
            for incident, checks_of in zip(made, members, strict=True)
            for check, role in zip(checks_of, MEMBERS, strict=True)
        ),
        batch_size=BATCH,
    )  # fmt: skip
    lines = (line for one, checks_of in zip(made, members, strict=True) for line in _timeline(one, checks_of))
    Entry.objects.bulk_create(lines, batch_size=BATCH)
    _tell(made, scale.channels)


def _timeline(incident: Incident, checks: Sequence[Check]) -> Iterator[Entry]:
    grade = {"level": incident.level, "tier": 1, "impact": "outage", "state": "critical", "in_hours": True}
    told: list[tuple[str, dict[str, Any]]] = [
        *(("joined" if place else "opened", {"check": str(check)}) for place, check in enumerate(checks)),
        ("graded", grade),
    ]
    if incident.resolved_at:
        told += [("recovered", {"check": str(checks[0])}), ("resolved", {})]
    for word, data in told:
        late = word in ("recovered", "resolved")
        at = incident.resolved_at if late and incident.resolved_at else incident.opened_at
        yield Entry(incident=incident, at=at, word=word, actor="engine", data=data)


def _tell(incidents: Sequence[Incident], count: int) -> None:
    channels = Channel.objects.bulk_create(
        Channel(name=name, kind="email", document={"channel": name})
        for name in ("on-call", "owners", *(f"team-{number}" for number in range(2, count)))
    )
    notices = Notice.objects.bulk_create(
        (
            Notice(key=f"incident-{one.pk}-{word}-1", incident=one, word=word, at=at)
            for one in incidents
            for word, at in (("opened", one.opened_at), ("resolved", one.resolved_at))
            if at is not None
        ),
        batch_size=BATCH,
    )
    Delivery.objects.bulk_create(
        (
            Delivery(
                notice=notice, channel=channel, key=f"{notice.key}-{channel.name}", due_at=notice.at, attempts=1,
                sent_at=notice.at + timedelta(seconds=6), outcome="250 taken",
            )
            for notice in notices
            for channel in channels
        ),
        batch_size=BATCH,
    )  # fmt: skip


if __name__ == "__main__":
    asked = argparse.ArgumentParser(prog="python -m bench.history", description=__doc__)
    for one in fields(Scale):
        asked.add_argument(f"--{one.name.replace('_', '-')}", type=int, default=one.default)
    call_command("migrate", verbosity=0)
    fill(datetime.now(UTC), Scale(**vars(asked.parse_args())))
    connection.cursor().execute("ANALYZE")
