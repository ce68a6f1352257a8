"""Incidents: find, read, take on, note, grade, end."""

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from mainstay.api.auth import actor
from mainstay.api.shapes import Page, Paging, Row, page
from mainstay.incidents import actions, queries
from mainstay.incidents.models import Entry, Incident, Member

router = Router(tags=["incidents"])


class Wanted(Schema):
    """Which incidents. ``running`` is open or acknowledged."""

    state: Literal["", "open", "acknowledged", "resolved", "running"] = ""
    system: str = ""
    level: Literal[1, 2, 3] | None = None
    category: Literal["", "system", "data", "business"] = ""
    text: str = ""
    sort: Literal["newest", "oldest", "level"] = "newest"


class Said(Schema):
    """Words that go with an act."""

    text: str = ""


class Grade(Schema):
    """A level, a category, or both; and why."""

    level: Literal[1, 2, 3] | None = None
    category: Literal["system", "data", "business"] | None = None
    reason: str


class Opened(Schema):
    """A fault that no check sees."""

    system: str
    component: str | None = None
    title: str
    category: Literal["system", "data", "business"]
    level: Literal[1, 2, 3]
    text: str = ""


def incident_row(row: Incident) -> Row:
    return {
        "id": row.pk, "system": row.system.name if row.system else None, "root": row.root.name if row.root else None,
        "title": row.title, "category": row.category, "level": row.level, "graded_by": row.graded_by,
        "state": row.state, "opened_at": row.opened_at, "since": row.since, "acknowledged_at": row.acknowledged_at,
        "acknowledged_by": row.acknowledged_by, "resolved_at": row.resolved_at, "resolved_by": row.resolved_by,
    }  # fmt: skip


def member_row(row: Member) -> Row:
    return {
        "check": str(row.check_of), "role": row.role, "state": row.state, "joined_at": row.joined_at,
        "recovered_at": row.recovered_at,
    }  # fmt: skip


def entry_row(row: Entry) -> Row:
    return {
        "at": row.at, "word": row.word, "actor": row.actor, "text": row.text, "data": row.data,
        "evidence": row.change.evidence if row.change else None,
    }  # fmt: skip


@router.get("/incidents", response=Page)
def list_incidents(request: HttpRequest, paging: Query[Paging], wanted: Query[Wanted]) -> Any:
    actor(request, "incident.read")
    return page(request, queries.search(**wanted.dict()), paging, incident_row)


@router.post("/incidents", response=dict[str, Any])
def open_incident(request: HttpRequest, body: Opened) -> Any:
    return incident_row(actions.open_by_hand(**body.dict(), actor=actor(request)))


@router.get("/incidents/{number}", response=dict[str, Any])
def show_incident(request: HttpRequest, number: Path[int]) -> Any:
    actor(request, "incident.read")
    return {
        **incident_row(queries.incident(number)),
        "members": [member_row(row) for row in queries.members(number)],
        "timeline": [entry_row(row) for row in queries.timeline(number)],
        "explanation": queries.explain(number),
    }


@router.post("/incidents/{number}/acknowledge", response=dict[str, Any])
def acknowledge(request: HttpRequest, number: Path[int], body: Said) -> Any:
    return incident_row(actions.acknowledge(number, actor=actor(request), note=body.text))


@router.post("/incidents/{number}/note", response=dict[str, Any])
def note(request: HttpRequest, number: Path[int], body: Said) -> Any:
    return entry_row(actions.note(number, body.text, actor=actor(request)))


@router.post("/incidents/{number}/resolve", response=dict[str, Any])
def resolve(request: HttpRequest, number: Path[int], body: Said) -> Any:
    return incident_row(actions.resolve(number, actor=actor(request), note=body.text))


@router.post("/incidents/{number}/reopen", response=dict[str, Any])
def reopen(request: HttpRequest, number: Path[int], body: Said) -> Any:
    return incident_row(actions.reopen(number, actor=actor(request), reason=body.text))


@router.post("/incidents/{number}/regrade", response=dict[str, Any])
def regrade(request: HttpRequest, number: Path[int], body: Grade) -> Any:
    return incident_row(
        actions.regrade(number, level=body.level, category=body.category, reason=body.reason, actor=actor(request))
    )
