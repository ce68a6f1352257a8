"""The shapes of incidents in ``rows.py``, as the OpenAPI document shows them."""

from datetime import datetime
from typing import Literal

from ninja import Schema

from mainstay.api.answers import CategoryName, Data, StateName, Words
from mainstay.api.diagnosis_answers import Deployment


class Incident(Schema):
    """Something is broken."""

    id: int
    system: str | None
    root: str | None
    title: Words
    category: CategoryName
    level: Literal[1, 2, 3]
    graded_by: str
    state: Literal["open", "acknowledged", "resolved"]
    opened_at: datetime
    since: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    resolved_at: datetime | None
    resolved_by: str
    rule: str
    due_at: datetime | None
    drill: int | None


class Clock(Schema):
    """A clock of an incident; ``limit``, ``spent`` and ``left`` in seconds of working time, ``left`` below zero when it
    ran out. ``due_at`` is null while it is paused."""

    clock: Literal["respond", "resolve"]
    limit: float
    spent: float
    left: float
    stand: Literal["counting", "resting", "paused", "over"]
    late: bool
    due_at: datetime | None


class Pause(Schema):
    """What an incident waits for while its clock is paused."""

    reason: Literal["vendor", "user", "other"]
    text: str
    since: datetime
    by: str


class Member(Schema):
    """A check's part in an incident."""

    check: str
    role: Literal["root", "joined", "echo"]
    state: StateName
    joined_at: datetime
    recovered_at: datetime | None


class IncidentAlert(Schema):
    """An alert of another program about what an incident is about. ``part`` is its component's part in the incident: of
    ``joined`` and ``echo`` nobody is told by themselves, for the incident was told."""

    fingerprint: str
    component: str
    title: str
    severity: str
    state: StateName
    part: Literal["root", "joined", "echo"]
    since: datetime
    heard_at: datetime
    ended_at: datetime | None
    text: str
    source: str


class Attachment(Schema):
    """A file that came with a note; ``kind`` by what is inside, ``size`` in bytes."""

    id: int
    name: str
    kind: str
    size: int
    sha256: str


class Entry(Schema):
    """A line of an incident's timeline."""

    at: datetime
    word: str
    actor: str
    text: str
    data: Data
    evidence: Data | None
    files: list[Attachment]


class WholeIncident(Incident):
    """An incident with its clocks, its members, its timeline, and why it was grouped, graded and told so."""

    grounds: Data
    clocks: list[Clock]
    pause: Pause | None
    members: list[Member]
    changes: list[Deployment]
    timeline: list[Entry]
    explanation: list[Data]
