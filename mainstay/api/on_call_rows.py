"""What is shown of who is on call: plain data, the same over the API and after ``--json``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mainstay.api.rows import Row
from mainstay.domain.actor import Sight
from mainstay.domain.escalation import Move as Due
from mainstay.domain.rota import Shift
from mainstay.incidents.models import Incident
from mainstay.on_call import feeds
from mainstay.on_call.digest import visible
from mainstay.on_call.models import Call, Feed, Handover, Move, Override, Swap
from mainstay.on_call.queries import AHEAD, Found, Planned, Rota, reachable


def rota_row(row: Rota, now: datetime) -> Row:
    """A rotation: who is on call, until when, and the fortnight to come."""
    shown = row.shifts(now, now + AHEAD)
    return {
        "name": row.name, "title": row.title, "timezone": row.zone.key, "team": row.team, "people": list(row.people),
        "person": shown[0].on.person, "until": shown[0].end, "shifts": [shift_row(one) for one in shown],
        "gaps": sum(one.on.person is None for one in shown),
    }  # fmt: skip


def ahead_row(row: Rota, now: datetime) -> Row:
    """Four weeks of a rotation as it would be."""
    shown, known = row.shifts(now, now + 2 * AHEAD), reachable()
    return {
        "shifts": [shift_row(one) for one in shown], "gaps": sum(one.on.person is None for one in shown),
        "strangers": [name for name in row.people if name not in known],
    }  # fmt: skip


def shift_row(row: Shift) -> Row:
    """A time of one person, or of nobody. Layers count from 1."""
    layer = None if row.on.layer is None else row.on.layer + 1
    return {
        "start": row.start, "end": row.end, "person": row.on.person, "layer": layer, "override": row.on.override,
    }  # fmt: skip


def override_row(row: Override) -> Row:
    """Who stands in."""
    return {
        "id": row.pk, "rotation": row.rotation, "person": row.person, "start": row.start, "end": row.end,
        "reason": row.reason, "made_at": row.made_at, "made_by": row.made_by, "ended_at": row.ended_at,
    }  # fmt: skip


def swap_row(row: Swap) -> Row:
    """Who asks whom."""
    return {
        "id": row.pk, "rotation": row.rotation, "person": row.person, "taker": row.taker, "start": row.start,
        "end": row.end, "back_start": row.back_start, "back_end": row.back_end, "reason": row.reason,
        "state": row.state, "asked_at": row.asked_at, "answered_at": row.answered_at, "answered_by": row.answered_by,
    }  # fmt: skip


def handover_row(row: Handover, sight: Sight) -> Row:
    """A shift handed over, with what of it may be seen."""
    return {
        "id": row.pk, "rotation": row.rotation, "at": row.at, "before": row.before, "after": row.after,
        "words": row.words, "digest": visible(row.digest, sight), "made_at": row.made_at, "made_by": row.made_by,
        "confirmed_at": row.confirmed_at, "confirmed_by": row.confirmed_by,
    }  # fmt: skip


def planned_rows(rows: Sequence[Planned]) -> list[Row]:
    """Steps as they would be taken; steps and rounds count from 1."""
    return [
        {"round": one.round + 1, "step": one.step + 1, "at": one.at, "passed": one.passed, **_found(one.found)}
        for one in rows
    ]  # fmt: skip


def _found(found: Found) -> Row:
    return {
        "receivers": [{"kind": one.kind, "name": one.name, "why": one.why} for one in found.receivers],
        "missed": [{"target": one.target, "reason": one.reason} for one in found.missed],
    }


def explained_row(incident: Incident, found: dict[str, Any]) -> Row:
    """What was done for an incident, and what comes next."""
    following = found["next"]
    return {
        "incident": incident.pk, "escalation": found["escalation"], "moves": [_move(row) for row in found["moves"]],
        "calls": [call_row(row) for row in found["calls"]], "next": _next(following) if following else None,
    }  # fmt: skip


def _move(row: Move) -> Row:
    return {
        "id": row.pk, "escalation": row.escalation, "round": row.round + 1, "step": row.step + 1,
        "reminder": row.reminder, "at": row.at, "outcome": row.outcome, "level": row.level,
    }  # fmt: skip


def call_row(row: Call) -> Row:
    """Who was called."""
    return {
        "id": row.pk, "move": row.move_id, "step": row.move.step + 1, "kind": row.kind, "name": row.name, "at": row.at,
        "why": row.why, "answer_by": row.answer_by, "used_at": row.used_at, "over_at": row.over_at,
    }  # fmt: skip


def _next(following: dict[str, Any]) -> Row:
    move: Due = following["move"]
    found = {"round": move.round + 1, "step": move.step + 1, "reminder": move.reminder, "at": move.at}
    return {**found, **_found(following["found"])}


def feed_row(kind: str, name: str, row: Feed | None) -> Row:
    """The address of a calendar; empty before one was made."""
    return {
        "kind": kind, "name": name, "address": feeds.address(row) if row else "",
        "made_at": row.made_at if row else None,
    }  # fmt: skip
