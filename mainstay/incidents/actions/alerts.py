"""Alerts of other programs (Alertmanager, Grafana) become incidents; the same alert twice is one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue.models import System
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.clock import reach
from mainstay.domain.state import Category, Level
from mainstay.incidents.actions.telling import News, tell_all
from mainstay.incidents.models import Entry, Incident


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it came in.

    ``fingerprint`` names what fires, ``starts_at`` since when, so that both together name one outbreak; None: not told.
    ``system`` is empty where no label said which.
    """

    fingerprint: str
    firing: bool
    title: str
    text: str
    severity: str
    system: str
    source: str
    starts_at: datetime | None = None


_LEVELS = {"page": Level.SEVERE, "severe": Level.SEVERE, "critical": Level.PARTIAL, "error": Level.PARTIAL}


def receive(alerts: list[Alert], *, actor: Actor) -> tuple[int, int]:
    """Open what fires, end what is resolved; returns how many of each were new. In a fixed number of queries.

    The same outbreak told again changes nothing, though a person has ended its incident meanwhile; and the end of an
    outbreak that comes late does not end the next one.
    """
    latest = {f"alert:{alert.fingerprint}"[:300]: alert for alert in alerts}
    with transaction.atomic():
        rows = Incident.objects.filter(key__in=latest).order_by("pk").select_for_update(no_key=True)
        newest = {row.key: row for row in rows}
        by_name = {one.name: one for one in System.objects.filter(name__in=_named(alerts), retired_at=None)}
        _admit(actor, alerts, set(by_name), newest)
        fresh = {key: one for key, one in latest.items() if _is_new(one, newest.get(key))}
        opened = _open(fresh, by_name, actor)
        ended = _end([row for key, row in newest.items() if _is_over(latest[key], row)], actor)
        if opened or ended:
            record(actor, "alert.receive", "alerts", {"opened": opened, "ended": ended})
    return opened, ended


def _named(alerts: list[Alert]) -> set[str]:
    return {alert.system for alert in alerts}


def _admit(actor: Actor, alerts: list[Alert], known: set[str], newest: Mapping[str, Incident]) -> None:
    """Every alert must be of a system on which the actor may; one of no system, or of an unknown one, asks for the
    general role. The same for the incidents that are there already."""
    for name in sorted(known & _named(alerts)):
        authorise(actor, "alert.receive", system=name)
    if _named(alerts) - known:
        authorise(actor, "alert.receive", system=None)
    if not actor.systems:
        return
    ids = {row.system_id for row in newest.values() if row.system_id is not None}
    for name in System.objects.filter(pk__in=ids).values_list("name", flat=True):
        authorise(actor, "alert.receive", system=name)
    if any(row.system_id is None for row in newest.values()):
        authorise(actor, "alert.receive", system=None)


def _is_new(alert: Alert, newest: Incident | None) -> bool:
    if not alert.firing or newest is None:
        return alert.firing
    return newest.state == "resolved" and (alert.starts_at is None or alert.starts_at > newest.since)


def _is_over(alert: Alert, newest: Incident) -> bool:
    known = alert.starts_at is None or alert.starts_at >= newest.since
    return not alert.firing and newest.state != "resolved" and known


def _open(alerts: dict[str, Alert], by_name: Mapping[str, System], actor: Actor) -> int:
    now = datetime.now(UTC)
    levels = {key: _LEVELS.get(alert.severity.lower(), Level.SLIGHT) for key, alert in alerts.items()}
    incidents = [
        Incident(
            key=key, system=by_name.get(alert.system), title={"en": alert.title[:200], "zh": alert.title[:200]},
            category=Category.SYSTEM.value, level=levels[key],
            graded_by=actor.name, opened_at=now, since=min(alert.starts_at or now, now),
            grounds={"by": actor.name, "severity": alert.severity[:50]},
            reached=reach({}, levels[key], min(alert.starts_at or now, now)),
        )
        for key, alert in alerts.items()
    ]  # fmt: skip
    Incident.objects.bulk_create(incidents)
    Entry.objects.bulk_create(
        Entry(
            incident=incident, at=now, word="opened", actor=actor.name, text=alert.text[:4000],
            data={"fingerprint": alert.fingerprint, "source": alert.source, "severity": alert.severity},
        )
        for incident, alert in zip(incidents, alerts.values(), strict=True)
    )  # fmt: skip
    tell_all([News(incident.pk, "opened", now, {"by": actor.name}) for incident in incidents])
    return len(incidents)


def _end(incidents: list[Incident], actor: Actor) -> int:
    now = datetime.now(UTC)
    numbers = [incident.pk for incident in incidents]
    Incident.objects.filter(pk__in=numbers).update(state="resolved", resolved_at=now, resolved_by=actor.name)
    Entry.objects.bulk_create(
        Entry(incident_id=number, at=now, word="resolved", actor=actor.name) for number in numbers
    )
    tell_all([News(number, "resolved", now, {"by": actor.name}) for number in numbers])
    return len(numbers)
