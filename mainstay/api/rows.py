"""What is shown of each thing: plain data, the same over the API and after ``--json``. Times are aware datetimes."""

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from mainstay.audit.models import Record
from mainstay.catalogue.models import Channel, Check, Component, Revision, Secret, System
from mainstay.checker.trial import Look
from mainstay.domain.actor import Role
from mainstay.domain.audit_chain import Verdict
from mainstay.domain.clock import Reading
from mainstay.domain.draft import languages
from mainstay.domain.duration import parse_duration
from mainstay.domain.preview import Course
from mainstay.domain.state import State
from mainstay.domain.threshold import parse_condition
from mainstay.engine.trial import Told
from mainstay.incidents.clocks import Clocked
from mainstay.incidents.models import Attachment, Entry, Incident, Member, Pause, Signal
from mainstay.monitoring.advice import advice
from mainstay.monitoring.models import Mute, Observation, Pulse, Standing, StateChange
from mainstay.monitoring.queries import LastValue, Preview
from mainstay.monitoring.wording import explain, in_codes
from mainstay.notices.letters import Posted
from mainstay.notices.models import Delivery, Notice
from mainstay.people.models import Person, Sitting, Token
from mainstay.people.queries import has_second_factor, roles_of

Row = dict[str, Any]


def worst(states: Iterable[str]) -> str:
    """The worst of some states; nothing known is unknown."""
    return max((State(one) for one in states), key=lambda state: state.rank, default=State.UNKNOWN).value


def system_row(row: System, counts: Mapping[str, int] | None = None) -> Row:
    """A system; ``counts`` is how many of its checks are in each state."""
    known = counts or {}
    return {
        "name": row.name, "title": row.title, "tier": row.tier, "timezone": row.timezone, "owner": row.owner,
        "objectives": row.objectives, "source": row.source, "state": worst(known),
        "checks": {state.value: known.get(state.value, 0) for state in State},
    }  # fmt: skip


def component_row(row: Component) -> Row:
    """A component, without its settings: they may hold addresses of what is inside."""
    return {
        "system": row.system.name, "name": row.name, "title": row.title, "kind": row.kind,
        "depends_on": sorted(other.name for other in row.depends_on.all()),
    }  # fmt: skip


def channel_row(row: Channel) -> Row:
    """A channel, without its settings."""
    return {"name": row.name, "kind": row.kind, "language": row.document.get("language", "en")}


def look_row(look: Look) -> Row:
    """One look of a trial. ``todo`` is what to try when nothing could be seen."""
    values = {name: {"value": number if math.isfinite(number) else None, "unit": unit}
              for name, (number, unit) in look.values.items()}  # fmt: skip
    return {
        "path": look.path, "component": look.check.component, "title": languages(look.check.definition.title),
        "kind": look.kind, "state": look.state.value, "why": explain(look.why), "seen": look.seen, "values": values,
        "todo": advice(look.why.get("fault", ""), look.kind),
    }  # fmt: skip


def told_row(told: Told) -> Row:
    """A test message of a trial."""
    return {"channel": told.channel, "delivered": told.delivered, "answer": told.answer}


def secret_row(row: Secret) -> Row:
    """A secret, never its value."""
    return {"name": row.name, "set_at": row.set_at, "set_by": row.set_by}


def check_row(row: Check) -> Row:
    """A check and how it stands. ``every``, ``timeout`` and ``hold`` in seconds."""
    document = row.document
    conditions = [parse_condition(text) for text in (*document.get("warn", []), *document.get("crit", []))]
    return {
        "path": str(row), "system": row.system.name, "component": row.component.name if row.component else None,
        "name": row.name, "title": row.title, "kind": row.kind, "category": row.category, "impact": row.impact,
        "pack": row.pack, "every": row.every, "timeout": parse_duration(document.get("timeout") or "0s"),
        "hold": max((one.hold for one in conditions), default=0.0), **_stands(getattr(row, "standing", None)),
    }  # fmt: skip


def _stands(standing: Standing | None) -> Row:
    if standing is None:
        return {"state": "unknown", "since": None, "looked_at": None, "flapping": False, "why": "", "message": {}}
    return {
        "state": standing.state, "since": standing.since, "looked_at": standing.looked_at,
        "flapping": standing.flapping, "why": "" if standing.state == "ok" else explain(standing.message),
        "message": in_codes(standing.message),
    }  # fmt: skip


def standing_row(row: Standing) -> Row:
    """How a check stands, and nothing of how it is set up."""
    return {"path": str(row.check_of), **_stands(row)}


def value_rows(values: Mapping[str, LastValue]) -> dict[str, Row]:
    """The newest sample of each metric; what is not a number is null."""
    return {
        metric: {
            "at": datetime.fromtimestamp(one.at, UTC),
            "value": one.value if math.isfinite(one.value) else None,
            "unit": one.unit,
        }
        for metric, one in values.items()
    }


def change_row(row: StateChange) -> Row:
    """A check's way from one state to another, with what was seen."""
    return {
        "check": str(row.check_of), "at": row.at, "before": row.before, "after": row.after,
        "message": in_codes(row.message), "why": explain(row.message), "evidence": row.evidence, "muted": row.muted,
    }  # fmt: skip


def flow_row(row: Observation | None) -> Row:
    """A flow's picture; null before the first look."""
    return {"at": row.at if row else None, "picture": row.payload if row else None}


def mute_row(row: Mute) -> Row:
    """What is muted: ``component`` and ``check`` are null where all of them are."""
    return {
        "id": row.pk, "system": row.system.name, "component": row.component.name if row.component else None,
        "check": row.check_of.name if row.check_of else None, "reason": row.reason, "by": row.actor,
        "from": row.starts_at, "until": row.ends_at,
    }  # fmt: skip


def incident_row(row: Incident) -> Row:
    """An incident without its parts."""
    return {
        "id": row.pk, "system": row.system.name if row.system else None, "root": row.root.name if row.root else None,
        "title": row.title, "category": row.category, "level": row.level, "graded_by": row.graded_by,
        "state": row.state, "opened_at": row.opened_at, "since": row.since, "acknowledged_at": row.acknowledged_at,
        "acknowledged_by": row.acknowledged_by, "resolved_at": row.resolved_at, "resolved_by": row.resolved_by,
        "rule": row.grounds.get("rule", ""), "due_at": row.due_at, "drill": row.drill,
    }  # fmt: skip


def incident_rows(
    row: Incident,
    clocked: Clocked,
    members: Iterable[Member],
    timeline: Iterable[Entry],
    explanation: Iterable[Mapping[str, Any]],
    *,
    changes: list[Row],
) -> Row:
    """An incident whole."""
    return {
        **incident_row(row),
        "due_at": clocked.due_at,
        "grounds": row.grounds,
        "clocks": [clock_row(one) for one in clocked.readings],
        "pause": pause_row(clocked.pause) if clocked.pause else None,
        "members": [member_row(one) for one in members],
        "changes": changes,
        "timeline": [entry_row(one) for one in timeline],
        "explanation": [dict(one) for one in explanation],
    }


def signal_row(row: Signal) -> Row:
    """An alert of another program, with its part in the incident that was asked for."""
    return {
        "fingerprint": row.fingerprint, "component": row.check_of.component.name if row.check_of.component else "",
        "title": row.title, "severity": row.severity, "state": row.state, "part": getattr(row, "role", "joined"),
        "since": row.since, "heard_at": row.heard_at, "ended_at": row.ended_at, "text": row.text,
        "source": row.source,
    }  # fmt: skip


def clock_row(reading: Reading) -> Row:
    """A clock; times in seconds."""
    return {
        "clock": reading.kind.value, "limit": reading.limit.total_seconds(), "spent": reading.spent.total_seconds(),
        "left": reading.left.total_seconds(), "stand": reading.stand.value, "late": reading.late,
        "due_at": reading.due_at,
    }  # fmt: skip


def pause_row(row: Pause) -> Row:
    """What an incident waits for while its clock is paused."""
    return {"reason": row.reason, "text": row.text, "since": row.begun_at, "by": row.begun_by}


def member_row(row: Member) -> Row:
    """A check's part in an incident."""
    return {
        "check": str(row.check_of), "role": row.role, "state": row.state, "joined_at": row.joined_at,
        "recovered_at": row.recovered_at,
    }  # fmt: skip


def entry_row(row: Entry) -> Row:
    """A line of a timeline."""
    return {
        "at": row.at, "word": row.word, "actor": row.actor, "text": row.text, "data": row.data,
        "evidence": row.change.evidence if row.change else None,
        "files": [attachment_row(one) for one in row.attachments.all()],
    }  # fmt: skip


def attachment_row(row: Attachment) -> Row:
    """A file that came with a note, without its bytes."""
    return {"id": row.pk, "name": row.name, "kind": row.kind, "size": row.size, "sha256": row.sha256}


def delivery_row(row: Delivery) -> Row:
    """A notice on its way to one receiver."""
    return {
        "id": row.pk, "notice": row.notice.key, "incident": row.notice.incident_id, "word": row.notice.word,
        "channel": row.channel.name if row.channel else "", "recipient": row.recipient, "key": row.key,
        "at": row.notice.at, "due_at": row.due_at,
        "attempts": row.attempts, "sent_at": row.sent_at, "given_up_at": row.given_up_at, "outcome": row.outcome,
    }  # fmt: skip


def notice_row(row: Notice) -> Row:
    """A notice with its deliveries."""
    return {
        "key": row.key, "incident": row.incident_id, "word": row.word, "at": row.at, "data": row.data,
        "deliveries": [
            {
                "id": one.pk, "channel": one.channel.name if one.channel else "", "recipient": one.recipient,
                "attempts": one.attempts, "sent_at": one.sent_at,
                "given_up_at": one.given_up_at, "outcome": one.outcome,
            }
            for one in row.deliveries.all()
        ],
    }  # fmt: skip


def person_row(row: Person) -> Row:
    """Somebody who may sign in."""
    return {
        "username": row.username, "email": row.email, "role": Role(row.role).name.lower(),
        "systems": _on_systems(row), "active": row.is_active,
        "invited": not row.has_usable_password(), "second_factor": has_second_factor(row),
        "last_sign_in": row.last_login,
    }  # fmt: skip


def invited_row(row: Person, posted: Posted) -> Row:
    """Somebody to whom a link went out, or the link."""
    return {**person_row(row), "sent": posted.sent, "reason": posted.reason, "link": posted.link}


def sitting_row(row: Sitting) -> Row:
    """Where somebody is signed in; never the session's key."""
    return {
        "id": row.pk, "agent": row.agent, "address": row.address, "opened_at": row.opened_at, "seen_at": row.seen_at,
    }  # fmt: skip


def _on_systems(row: Person | Token) -> dict[str, str]:
    return {name: role.name.lower() for name, role in roles_of(row).items()}


def token_row(row: Token) -> Row:
    """A token, without its text."""
    return {
        "id": row.pk, "name": row.name, "role": Role(row.role).name.lower(), "systems": _on_systems(row),
        "scopes": row.scopes, "created_at": row.created_at, "created_by": row.created_by, "expires_at": row.expires_at,
        "used_at": row.used_at, "revoked_at": row.revoked_at,
    }  # fmt: skip


def record_row(row: Record) -> Row:
    """A record of the audit trail."""
    return {
        "number": row.number, "at": row.at, "actor": row.actor, "act": row.act, "object": row.object,
        "data": row.data, "digest": row.digest,
    }  # fmt: skip


def verdict_row(verdict: Verdict) -> Row:
    """Whether the trail is whole."""
    return {
        "whole": verdict.whole, "records": verdict.records, "head": verdict.head, "broken_at": verdict.broken_at,
        "reason": verdict.reason,
    }  # fmt: skip


def pulse_row(row: Pulse) -> Row:
    """A process of Mainstay's own."""
    return {"name": row.process, "at": row.at, "started_at": row.started_at, "facts": row.facts}


def preview_row(found: Preview) -> Row:
    """What a changed check would have done."""
    return {
        "start": found.start, "end": found.end, "looks": found.looks, "shortened": found.shortened,
        "unmeasured": list(found.unmeasured), "findings_unknown": found.findings,
        **{key: _course(getattr(found, key)) for key in ("recorded", "before", "after")},
    }  # fmt: skip


def _course(course: Course) -> Row:
    return {
        "fired": len(course.stretches),
        "seconds": {state.value: round(seconds, 3) for state, seconds in course.seconds.items()},
        "stretches": [
            {"start": _moment(one.start), "end": _moment(one.end), "worst": one.worst.value}
            for one in course.stretches
        ],
    }  # fmt: skip


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def revision_row(row: Revision) -> Row:
    """One change of the catalogue."""
    return {"number": row.number, "at": row.at, "by": row.actor, "summary": row.summary}
