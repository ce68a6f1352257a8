"""Incidents: find, read, take on, note, grade, end."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from mainstay.api import incident_answers as answers
from mainstay.api.answers import CategoryName
from mainstay.api.attachments import SentFile, download
from mainstay.api.auth import actor, needs, sight
from mainstay.api.diagnosis_rows import deployment_row
from mainstay.api.rows import entry_row, incident_row, incident_rows, signal_row
from mainstay.api.shapes import Body, Moment, Number, Page, Paging, Text, page
from mainstay.diagnosis import queries as diagnosis
from mainstay.domain.attachment import PER_NOTE, UNKNOWN
from mainstay.incidents import actions, queries
from mainstay.incidents.clocks import clocks_of

router = Router(tags=["incidents"])

BYTES = {200: {"description": "the file", "content": {UNKNOWN: {"schema": {"type": "string", "format": "binary"}}}}}
Long = Annotated[Text, Field(max_length=20_000)]


class Wanted(Schema):
    """Which incidents. ``running`` is open or acknowledged; ``text`` is part of a title or name, or a number."""

    state: Literal["", "open", "acknowledged", "resolved", "running"] = ""
    system: Text = ""
    level: Literal[1, 2, 3] | None = None
    category: Literal["", "system", "data", "business"] = ""
    text: Text = ""
    since: Moment | None = None
    sort: Literal["due", "newest", "oldest", "level"] = "newest"


class Said(Body):
    """Words that go with an act."""

    text: Long = ""


class Noted(Said):
    """Words for the timeline, files, or both. Files that are larger than JSON allows are sent as a form."""

    files: list[SentFile] = Field([], max_length=PER_NOTE)


class Grade(Body):
    """A level, a category, or both; and why."""

    level: Literal[1, 2, 3] | None = None
    category: CategoryName | None = None
    reason: Long


class Paused(Body):
    """What the incident waits for; ``other`` needs words."""

    reason: Literal["vendor", "user", "other"]
    text: Annotated[Text, Field(max_length=500)] = ""


class Opened(Body):
    """A fault that no check sees."""

    system: Text
    component: Text | None = None
    title: Annotated[Text, Field(max_length=200)]
    category: CategoryName
    level: Literal[1, 2, 3]
    text: Long = ""


@router.get("/incidents", response=Page[answers.Incident], **needs("incident.read"))
def list_incidents(request: HttpRequest, paging: Query[Paging], wanted: Query[Wanted]) -> Any:
    return page(request, queries.search(**wanted.dict(), sight=sight(request)), paging, incident_row)


@router.post("/incidents", response=answers.Incident, **needs("incident.open"))
def open_incident(request: HttpRequest, body: Opened) -> Any:
    return incident_row(actions.open_by_hand(**body.dict(), actor=actor(request)))


@router.get("/incidents/{number}", response=answers.WholeIncident, **needs("incident.read"))
def show_incident(request: HttpRequest, number: Number) -> Any:
    """With its clocks, its members, its timeline, and why it was grouped, graded and told so."""
    found = queries.incident(number, sight(request))
    return incident_rows(
        found,
        clocks_of([found], datetime.now(UTC))[number],
        queries.members(number),
        queries.timeline(number),
        queries.explain(number),
        changes=[deployment_row(one) for one in diagnosis.changes_before(found)],
    )


@router.get("/incidents/{number}/alerts", response=Page[answers.IncidentAlert], **needs("incident.read"))
def list_incident_alerts(request: HttpRequest, number: Number, paging: Query[Paging], text: Text = "") -> Any:
    """What other programs told about it, each alert once, and what became of it; ``text``: part of a title or of a
    fingerprint."""
    found = queries.incident(number, sight(request))
    return page(request, queries.signals(found.pk, text), paging, signal_row)


@router.post("/incidents/{number}/acknowledge", response=answers.Incident, **needs("incident.acknowledge"))
def acknowledge(request: HttpRequest, number: Number, body: Said) -> Any:
    return incident_row(actions.acknowledge(number, actor=actor(request), note=body.text))


@router.post("/incidents/{number}/note", response=answers.Entry, **needs("incident.note", **{"x-form": True}))
def note(request: HttpRequest, number: Number, body: Noted) -> Any:
    """Up to ten files, 10 MB each and 50 MB an incident; as JSON in base64, or as a form (text, files)."""
    files = [actions.File(one.name, one.content) for one in body.files]
    return entry_row(actions.note(number, body.text, actor=actor(request), files=files))


@router.get("/incidents/{number}/files/{file}", **needs("incident.read", responses=BYTES))
def download_file(request: HttpRequest, number: Number, file: Number) -> HttpResponse:
    """A file that came with a note, as the bytes that were sent."""
    return download(queries.attachment(number, file, sight(request)))


@router.post("/incidents/{number}/resolve", response=answers.Incident, **needs("incident.resolve"))
def resolve(request: HttpRequest, number: Number, body: Said) -> Any:
    return incident_row(actions.resolve(number, actor=actor(request), note=body.text))


@router.post("/incidents/{number}/reopen", response=answers.Incident, **needs("incident.reopen"))
def reopen(request: HttpRequest, number: Number, body: Said) -> Any:
    return incident_row(actions.reopen(number, actor=actor(request), reason=body.text))


@router.post("/incidents/{number}/regrade", response=answers.Incident, **needs("incident.regrade"))
def regrade(request: HttpRequest, number: Number, body: Grade) -> Any:
    changed = actions.regrade(
        number, level=body.level, category=body.category, reason=body.reason, actor=actor(request)
    )
    return incident_row(changed)


@router.post("/incidents/{number}/pause", response=answers.Incident, **needs("incident.pause"))
def pause(request: HttpRequest, number: Number, body: Paused) -> Any:
    """Stop the clock until resolution, while the incident waits for somebody else."""
    return incident_row(actions.pause(number, reason=body.reason, text=body.text, actor=actor(request)))


@router.post("/incidents/{number}/resume", response=answers.Incident, **needs("incident.resume"))
def resume(request: HttpRequest, number: Number, body: Said) -> Any:
    """Let the clock run on."""
    return incident_row(actions.resume(number, text=body.text, actor=actor(request)))
