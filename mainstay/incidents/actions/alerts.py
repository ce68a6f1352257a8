"""Alerts of other programs (Alertmanager, Grafana) become incidents; the same alert twice is one."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue.models import System
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.state import Category, Level
from mainstay.incidents.actions.telling import tell
from mainstay.incidents.models import Entry, Incident


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it came in. ``fingerprint`` names it; ``system`` is empty where no label said which."""

    fingerprint: str
    firing: bool
    title: str
    text: str
    severity: str
    system: str
    source: str


_LEVELS = {"page": Level.SEVERE, "severe": Level.SEVERE, "critical": Level.PARTIAL, "error": Level.PARTIAL}


def receive(alerts: list[Alert], *, actor: Actor) -> tuple[int, int]:
    """Open what fires, end what is resolved; returns how many of each were new."""
    authorise(actor, "alert.receive")
    opened = ended = 0
    with transaction.atomic():
        for alert in alerts:
            key = f"alert:{alert.fingerprint}"[:300]
            running = Incident.objects.filter(key=key).exclude(state="resolved").first()
            if alert.firing and running is None:
                _open(key, alert, actor)
                opened += 1
            elif not alert.firing and running is not None:
                _end(running, actor)
                ended += 1
        if opened or ended:
            record(actor, "alert.receive", "alerts", {"opened": opened, "ended": ended})
    return opened, ended


def _open(key: str, alert: Alert, actor: Actor) -> None:
    now = datetime.now(UTC)
    incident = Incident.objects.create(
        key=key, system=System.objects.filter(name=alert.system, retired_at=None).first(),
        title={"en": alert.title[:200], "zh": alert.title[:200]}, category=Category.SYSTEM.value,
        level=_LEVELS.get(alert.severity.lower(), Level.SLIGHT), graded_by=actor.name, opened_at=now, since=now,
    )  # fmt: skip
    data = {"fingerprint": alert.fingerprint, "source": alert.source, "severity": alert.severity}
    Entry.objects.create(incident=incident, at=now, word="opened", actor=actor.name, text=alert.text[:4000], data=data)
    tell(incident.pk, "opened", now, {"by": actor.name})


def _end(incident: Incident, actor: Actor) -> None:
    now = datetime.now(UTC)
    Incident.objects.filter(pk=incident.pk).update(state="resolved", resolved_at=now, resolved_by=actor.name)
    Entry.objects.create(incident=incident, at=now, word="resolved", actor=actor.name)
    tell(incident.pk, "resolved", now, {"by": actor.name})
