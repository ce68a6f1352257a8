"""Alerts of other programs (Alertmanager, Grafana, whatever speaks PagerDuty's events) become incidents; the same alert
twice is one."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue.models import System
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.alert import Alert, level_of
from mainstay.domain.clock import reach
from mainstay.domain.state import Category
from mainstay.incidents.actions.people import take_on
from mainstay.incidents.actions.signals import completed, components_of, hear
from mainstay.incidents.actions.telling import News, tell_all
from mainstay.incidents.models import Entry, Incident
from mainstay.incidents.queries import of_alert


def receive(alerts: list[Alert], *, actor: Actor) -> tuple[int, int]:
    """Open what fires, end what is resolved; returns how many incidents were opened and ended. In a fixed number of
    queries.

    An alert about a component of a system joins what is wrong there, and its incident ends by itself once all of it is
    well (``signals``). Any other is an incident of its own. The same outbreak told again changes nothing, though a
    person has ended its incident meanwhile; and the end of an outbreak that comes late does not end the next one.
    """
    with transaction.atomic():
        alerts = completed(alerts)
        latest = {f"alert:{alert.fingerprint}"[:300]: alert for alert in alerts}
        by_name = _systems(latest.values())
        known = components_of(latest.values())
        placed = [(one, known[where]) for one in latest.values() if (where := (one.system, one.component)) in known]
        alone = {key: one for key, one in latest.items() if (one.system, one.component) not in known or not one.firing}
        rows = Incident.objects.filter(key__in=alone).order_by("pk").select_for_update(no_key=True) if alone else ()
        newest = {row.key: row for row in rows}
        _admit(actor, alerts, set(by_name), newest)
        fresh = {key: one for key, one in alone.items() if _is_new(one, newest.get(key))}
        opened = _open(fresh, by_name, actor)
        ended = _end([row for key, row in newest.items() if _is_over(alone[key], row)], actor)
        last, now = _newest(), datetime.now(UTC)
        noted = hear(placed, now) if placed else 0
        opened += _opened_since(last, by_name.values()) if noted else 0
        taken = _take_on([one for one in latest.values() if one.taken], actor)
        if opened or ended or noted or taken:
            done = {"opened": opened, "ended": ended, "noted": noted, "taken": taken}
            record(actor, "alert.receive", "alerts", {key: count for key, count in done.items() if count})
    return opened, ended


def _systems(alerts: Iterable[Alert]) -> dict[str, System]:
    """Those that are named, locked in the order in which all lock them."""
    names = {alert.system for alert in alerts if alert.system}
    rows = System.objects.filter(name__in=names, retired_at=None).order_by("pk").select_for_update(no_key=True)
    return {one.name: one for one in rows}


def _newest() -> int:
    return Incident.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _opened_since(last: int, systems: Iterable[System]) -> int:
    return Incident.objects.filter(pk__gt=last, system__in=list(systems)).exclude(state="resolved").count()


def _take_on(alerts: Iterable[Alert], actor: Actor) -> int:
    """Who took the alert on over there has taken its incident on; not one in which it is but an echo."""
    found = {row.pk: row for alert in alerts for row in of_alert(alert)}
    waiting = [row for row in found.values() if row.state == "open"]
    for row in waiting:
        take_on(row, actor, "")
    return len(waiting)


def _named(alerts: list[Alert]) -> set[str]:
    """The systems that they name, ``""`` for none; who only takes on or ends what is not known names nothing."""
    return {alert.system for alert in alerts if alert.system or (alert.firing and not alert.taken)}


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
    if not alert.firing or alert.taken or newest is None:
        return alert.firing and not alert.taken
    return newest.state == "resolved" and (alert.starts_at is None or alert.starts_at > newest.since)


def _is_over(alert: Alert, newest: Incident) -> bool:
    known = alert.starts_at is None or alert.starts_at >= newest.since
    return not alert.firing and newest.state != "resolved" and known


def _open(alerts: dict[str, Alert], by_name: Mapping[str, System], actor: Actor) -> int:
    now = datetime.now(UTC)
    levels = {key: level_of(alert) for key, alert in alerts.items()}
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
