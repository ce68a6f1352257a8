"""The shapes of ``desk_rows.py``, as the OpenAPI document shows them."""

from datetime import datetime
from typing import Any, Literal

from ninja import Schema

from mainstay.api.knowledge_answers import Found

KindName = Literal["fault", "question", "wish"]
StateName = Literal["new", "joined", "answered", "waiting", "closed"]


class Ticket(Schema):
    """What a user reported."""

    id: int
    number: str
    kind: KindName
    state: StateName
    subject: str
    system: str | None
    address: str
    name: str
    language: str
    came_by: str
    incident: int | None
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    closed_by: str
    score: int | None
    score_text: str


class TicketFile(Schema):
    """A file that came with a message."""

    id: int
    name: str
    kind: str
    size: int
    sha256: str


class Message(Schema):
    """Something that was said on a ticket, or that happened to it."""

    at: datetime
    word: str
    actor: str
    text: str
    data: dict[str, Any]
    files: list[TicketFile]


class Letter(Schema):
    """What was written to its reporter, and what became of it."""

    at: datetime
    word: str
    to: str
    sent_at: datetime | None
    given_up_at: datetime | None
    outcome: str


class WholeTicket(Ticket):
    """With all that was said, and the letters."""

    messages: list[Message]
    letters: list[Letter]


class TicketOpened(Ticket):
    """With the articles that may answer it at once, and the page of its reporter."""

    page: str
    offered: list[Found]


class Requirement(Schema):
    """A wish that is taken seriously."""

    id: int
    title: str
    text: str
    ticket: int | None
    state: Literal["new", "analysed", "decided", "done"]
    made_at: datetime
    made_by: str
