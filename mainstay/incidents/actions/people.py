"""What people do with an incident. Each act is authorised, carried out and audited in one transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from mainstay.audit.actions import record
from mainstay.catalogue.models import Component, System
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.clock import Reason, reach
from mainstay.domain.saying import say
from mainstay.domain.state import Category, Level, State
from mainstay.incidents.actions.files import File, attach, described
from mainstay.incidents.actions.telling import tell
from mainstay.incidents.actions.timing import keep_due
from mainstay.incidents.models import Entry, Incident, Member, Pause
from mainstay.monitoring.models import Exercise


class Illegal(ValueError):
    """The incident's state does not allow this; the message says what would."""


def acknowledge(incident_id: int, *, actor: Actor, note: str = "") -> Incident:
    """Somebody takes it on. Raises Illegal unless it is open."""
    with transaction.atomic():
        incident = _locked(incident_id, actor, "incident.acknowledge")
        if incident.state != "open":
            raise Illegal(
                say("incident %(number)s is not open; only an open incident can be acknowledged", number=incident.pk)
            )
        take_on(incident, actor, note)
    return incident


def take_on(incident: Incident, actor: Actor, note: str) -> None:
    """An open incident, inside the transaction of who was authorised."""
    now = datetime.now(UTC)
    incident.state, incident.acknowledged_at, incident.acknowledged_by = "acknowledged", now, actor.name
    incident.save()
    keep_due(incident, now)
    _write(incident, actor, "acknowledged", note, {})
    tell(incident.pk, "acknowledged", now, {"by": actor.name})


def note(incident_id: int, text: str, *, actor: Actor, files: Sequence[File] = ()) -> Entry:
    """Add to the timeline; allowed on resolved incidents too. Raises Illegal, or Unfit for files that are too large."""
    if not text.strip() and not files:
        raise Illegal(say("a note needs some text, or a file"))
    with transaction.atomic():
        incident = _locked(incident_id, actor, "incident.note")
        data = {"files": [described(one) for one in files]} if files else {}
        entry = _write(incident, actor, "note", text, data)
        attach(entry, files)
    return entry


def resolve(incident_id: int, *, actor: Actor, note: str = "") -> Incident:
    """End it by hand. Raises Illegal when it has ended already."""
    with transaction.atomic():
        incident, now = _locked(incident_id, actor, "incident.resolve"), datetime.now(UTC)
        if incident.state == "resolved":
            raise Illegal(say("incident %(number)s is resolved; there is nothing to resolve", number=incident.pk))
        incident.state, incident.resolved_at, incident.resolved_by = "resolved", now, actor.name
        incident.save()
        _end_pause(incident, actor, now)
        keep_due(incident, now)
        _write(incident, actor, "resolved", note, {})
        tell(incident.pk, "resolved", now, {"by": actor.name})
    return incident


def reopen(incident_id: int, *, actor: Actor, reason: str) -> Incident:
    """It was not over. Raises Illegal unless it is resolved and nothing of the same kind is open."""
    if not reason.strip():
        raise Illegal(say("say why it is opened again"))
    with transaction.atomic():
        incident, now = _locked(incident_id, actor, "incident.reopen"), datetime.now(UTC)
        if incident.state != "resolved":
            raise Illegal(
                say("incident %(number)s is not resolved; only a resolved incident can be reopened", number=incident.pk)
            )
        if other := Incident.objects.filter(key=incident.key).exclude(state="resolved").first():
            raise Illegal(say("incident %(number)s is open for the same fault; add a note there", number=other.pk))
        incident.state, incident.since, incident.resolved_at, incident.resolved_by = "open", now, None, ""
        incident.acknowledged_at, incident.acknowledged_by, incident.leapt = None, "", {}
        incident.reached = reach({}, incident.level, now)
        if incident.drill and not Exercise.objects.filter(drill=incident.drill, ends_at=None).exists():
            incident.drill = None  # what is opened again after its drill is real
        incident.save()
        keep_due(incident, now)
        _hold_open(incident)
        _write(incident, actor, "reopened", reason, {})
        tell(incident.pk, "reopened", now, {"by": actor.name})
    return incident


def _hold_open(incident: Incident) -> None:
    """It must not end by itself at once because all that the checks see is well: its root has to fail and recover, or
    a person to resolve it. What recovered while nobody followed is noted, and what another incident took in meanwhile
    stays there: a failure belongs to one."""
    members = Member.objects.filter(incident=incident)
    others = Member.objects.exclude(incident=incident).exclude(incident__state="resolved").exclude(state=State.OK)
    gone = Q(check_of__standing__state=State.OK) | Q(check_of__in=others.values("check_of"))
    members.filter(gone).update(state=State.OK.value, recovered_at=incident.since)
    members.filter(role="root").update(recovered_at=None)


def regrade(
    incident_id: int, *, level: int | None = None, category: str | None = None, reason: str, actor: Actor
) -> Incident:
    """Set level or category by hand; the engine leaves both alone from then on."""
    if not reason.strip():
        raise Illegal(say("say why the grade is changed"))
    with transaction.atomic():
        incident = _locked(incident_id, actor, "incident.regrade")
        before: dict[str, Any] = {"level": incident.level, "category": incident.category}
        incident.level = int(Level(level)) if level is not None else incident.level
        incident.category = Category(category).value if category is not None else incident.category
        after = {"level": incident.level, "category": incident.category}
        if before == after:
            raise Illegal(say("incident %(number)s has that grade already", number=incident.pk))
        now = datetime.now(UTC)
        incident.graded_by, incident.grounds = actor.name, {"by": actor.name, "reason": reason.strip()[:500]}
        incident.reached = reach(reach(incident.reached, before["level"], incident.counted_since), incident.level, now)
        incident.save()
        keep_due(incident, now)
        _write(incident, actor, "regraded", reason, {"before": before, "after": after})
        if incident.level < before["level"]:
            tell(incident.pk, "worse", now, {"by": actor.name})
    return incident


def pause(incident_id: int, *, reason: str, text: str = "", actor: Actor) -> Incident:
    """Stop the clock until resolution, because the incident waits for somebody else. Raises Illegal unless somebody has
    taken it on, when it is paused already, and for a reason of its own without words."""
    with transaction.atomic():
        incident, now = _locked(incident_id, actor, "incident.pause"), datetime.now(UTC)
        if incident.state != "acknowledged":
            raise Illegal(
                say("incident %(number)s is not taken on; only then can it wait for somebody", number=incident.pk)
            )
        if _lasting(incident).exists():
            raise Illegal(say("the clock of incident %(number)s is paused already", number=incident.pk))
        kind, words = Reason(reason), text.strip()[:500]
        if kind is Reason.OTHER and not words:
            raise Illegal(say("say what it waits for"))
        Pause.objects.create(incident=incident, reason=kind.value, text=words, begun_at=now, begun_by=actor.name)
        keep_due(incident, now)
        _write(incident, actor, "paused", words, {"reason": kind.value})
    return incident


def resume(incident_id: int, *, text: str = "", actor: Actor) -> Incident:
    """Let the clock run on. Raises Illegal unless it is paused."""
    with transaction.atomic():
        incident, now = _locked(incident_id, actor, "incident.resume"), datetime.now(UTC)
        if not _end_pause(incident, actor, now):
            raise Illegal(say("the clock of incident %(number)s is not paused", number=incident.pk))
        keep_due(incident, now)
        _write(incident, actor, "resumed", text, {})
    return incident


def _lasting(incident: Incident) -> QuerySet[Pause]:
    """The pause that lasts; what was paused before it was opened again is past."""
    return Pause.objects.filter(incident=incident, ended_at=None, begun_at__gte=incident.since)


def _end_pause(incident: Incident, actor: Actor, now: datetime) -> int:
    return _lasting(incident).update(ended_at=now, ended_by=actor.name)


def open_by_hand(
    *,
    system: str,
    component: str | None = None,
    title: str,
    category: str,
    level: int,
    text: str,
    actor: Actor,
) -> Incident:
    """Somebody saw a fault that no check sees. Raises System.DoesNotExist, Component.DoesNotExist, Illegal."""
    authorise(actor, "incident.open", system=system)
    if not title.strip():
        raise Illegal(say("an incident needs a title"))
    with transaction.atomic():
        owner = System.objects.get(name=system, retired_at=None)
        root = Component.objects.get(system=owner, name=component, retired_at=None) if component else None
        now = datetime.now(UTC)
        incident = Incident.objects.create(
            key=f"hand:{now.timestamp():.6f}:{actor.name}", system=owner, root=root,
            title={"en": title.strip(), "zh": title.strip()}, category=Category(category).value,
            level=int(Level(level)), graded_by=actor.name, opened_at=now, since=now,
            grounds={"by": actor.name}, reached=reach({}, level, now),
        )  # fmt: skip
        keep_due(incident, now)
        _write(incident, actor, "opened", text, {}, act="incident.open")
        tell(incident.pk, "opened", now, {"by": actor.name})
    return incident


_ACTS = {
    "acknowledged": "incident.acknowledge", "note": "incident.note", "resolved": "incident.resolve",
    "reopened": "incident.reopen", "regraded": "incident.regrade", "paused": "incident.pause",
    "resumed": "incident.resume",
}  # fmt: skip


def _write(incident: Incident, actor: Actor, word: str, text: str, data: dict[str, Any], *, act: str = "") -> Entry:
    """The timeline's line and the audit record of the same act."""
    entry = Entry.objects.create(
        incident=incident, at=datetime.now(UTC), word=word, actor=actor.name, text=text.strip(), data=data
    )
    record(actor, act or _ACTS[word], f"incident {incident.pk}", {**data, "text": text.strip()} if text else data)
    return entry


def _locked(incident_id: int, actor: Actor, act: str) -> Incident:
    """The incident, for one who may do this on its system."""
    incident = Incident.objects.select_for_update().get(pk=incident_id)
    authorise(actor, act, system=incident.system.name if incident.system else None)
    return incident
