"""What the checker saw, as rows. Called inside the line's transaction, by batches."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psutil
from django.db import connection, transaction
from django.utils import timezone

from mainstay.catalogue.models import Check, System
from mainstay.domain.state import Category, Impact
from mainstay.monitoring.models import Boot, Observation, Ping, Pulse, RunRequest, Standing, StateChange
from mainstay.monitoring.queries import is_silent, kind_of


class NewPing(NamedTuple):
    """A heartbeat as it came in; ``kind`` is success, start, fail or log."""

    check_id: int
    at: datetime
    kind: str = "success"
    exit_code: int | None = None
    run: str = ""
    body: str = ""
    source: str | None = None


def record_standings(changed: Sequence[Standing], unchanged: Sequence[Standing]) -> None:
    """Write how checks stand. ``since`` moves only for those whose state changed. One row a check at most."""
    fields = ["state", "flapping", "message", "memory", "looked_at", "updated_at"]
    for standings, written in ((changed, [*fields, "since"]), (unchanged, fields)):
        if standings:
            Standing.objects.bulk_create(
                standings, update_conflicts=True, unique_fields=["check_of"], update_fields=written, batch_size=500
            )


def touch_standings(check_ids: Collection[int], at: datetime) -> None:
    """Say that these checks were looked at and stand as before."""
    if check_ids:
        Standing.objects.filter(pk__in=check_ids).update(looked_at=at, updated_at=at)


def record_changes(changes: Sequence[StateChange]) -> list[StateChange]:
    """Keep state changes with their evidence; they come back with their ids."""
    return StateChange.objects.bulk_create(changes, batch_size=500)


def record_observations(payloads: Mapping[int, tuple[datetime, Mapping[str, Any]]]) -> None:
    """Keep the newest large result of each check."""
    rows = [Observation(check_of_id=key, at=at, payload=dict(payload)) for key, (at, payload) in payloads.items()]
    if rows:
        Observation.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["check_of"], update_fields=["at", "payload"]
        )


def record_pings(pings: Sequence[NewPing]) -> None:
    """Keep heartbeats, many in one durable commit. Plain SQL: this runs thousands of times a second."""
    adapt = connection.ops.adapt_datetimefield_value
    rows = [(p.check_id, adapt(p.at), p.kind, p.exit_code, p.run, p.body, p.source) for p in pings]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_INSERT_PING, rows)


_INSERT_PING = (
    f"INSERT INTO {Ping._meta.db_table} (check_id, at, kind, exit_code, run, body, source) "  # noqa: S608 - own name
    "VALUES (%s, %s, %s, %s, %s, %s, %s)"
)


_ON_LINE = {"en": "Mainstay is on line", "zh": "Mainstay 自身网络", "zh-hant": "Mainstay 自身網路"}


def own_check(name: str, title: Mapping[str, str] = _ON_LINE, impact: Impact = Impact.DEGRADED) -> Check:
    """A check under which Mainstay speaks of itself. It is not part of the catalogue, and so born retired."""
    now = timezone.now()
    system, _ = System.objects.get_or_create(
        name="mainstay",
        defaults={"title": {"en": "Mainstay"}, "tier": 1, "document": {"system": "mainstay"}, "retired_at": now},
    )
    check, _ = Check.objects.get_or_create(
        system=system,
        name=name,
        defaults={
            "kind": name, "every": 60.0, "category": Category.SYSTEM.value, "impact": impact.value,
            "title": dict(title), "retired_at": now,
        },
    )  # fmt: skip
    return check


def take_run_requests(check_ids: Collection[int], now: datetime) -> list[int]:
    """Take what was asked of these checks; each request is taken once, whoever asks at the same time."""
    waiting = RunRequest.objects.filter(taken_at=None).values_list("pk", "check_of_id")[:1000]
    mine = [(pk, check_id) for pk, check_id in waiting if check_id in check_ids]
    taken = (RunRequest.objects.filter(pk=pk, taken_at=None).update(taken_at=now) for pk, _ in mine)
    return [check_id for (_, check_id), rows in zip(mine, taken, strict=True) if rows]


def pulse(process: str, facts: Mapping[str, Any]) -> None:
    """Say that this process lives, under its name."""
    now = timezone.now()
    Pulse.objects.update_or_create(
        process=process, defaults={"at": now, "started_at": _STARTED_AT, "facts": dict(facts)}
    )


def clock_moved(boot: str, apart: float) -> float:
    """Seconds by which a machine's wall clock was set since any process of it last asked; whoever asks first is told.
    To be called in the transaction in which it is made up for."""
    row, is_new = Boot.objects.select_for_update().get_or_create(boot=boot, defaults={"apart": apart})
    moved = 0.0 if is_new else apart - row.apart
    if moved:
        Boot.objects.filter(pk=boot).update(apart=apart)
    return moved


def end_pulse(process: str) -> None:
    """It has ended because nothing is left to do: nobody waits for a sign of it."""
    Pulse.objects.filter(process=process).delete()


def forget_pulses(now: datetime) -> None:
    """Hosts come and go: what was not heard of for a day, while another process of its kind lives, is none of ours."""
    known = list(Pulse.objects.all())
    alive = {kind_of(pulse) for pulse in known if not is_silent(pulse, now)}
    gone = [one.pk for one in known if one.at < now - timedelta(days=1) and kind_of(one) in alive]
    if gone:
        Pulse.objects.filter(pk__in=gone).delete()


_STARTED_AT = datetime.fromtimestamp(psutil.Process().create_time(), UTC)
