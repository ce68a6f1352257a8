"""Tickets as plain data, the same over the API and after ``--json``."""

from collections.abc import Iterable

from mainstay.api.rows import Row
from mainstay.domain.help_desk import label
from mainstay.help_desk.models import Message, Requirement, Ticket
from mainstay.notices.models import LETTER, Delivery


def ticket_row(row: Ticket) -> Row:
    """A ticket without what was said. Its key is in none: who has that may speak as its reporter."""
    return {
        "id": row.pk, "number": label(row.pk), "kind": row.kind, "state": row.state, "subject": row.subject,
        "system": row.system.name if row.system else None, "address": row.address, "name": row.name,
        "language": row.language, "came_by": row.came_by, "incident": row.incident_id, "opened_at": row.opened_at,
        "changed_at": row.changed_at, "closed_at": row.closed_at, "closed_by": row.closed_by, "score": row.score,
        "score_text": row.score_text,
    }  # fmt: skip


def ticket_rows(row: Ticket, messages: Iterable[Message], letters: Iterable[Delivery]) -> Row:
    """A ticket with all of it."""
    return {
        **ticket_row(row), "messages": list(map(_message_row, messages)), "letters": list(map(_letter_row, letters)),
    }  # fmt: skip


def _message_row(row: Message) -> Row:
    files = [
        {"id": one.pk, "name": one.name, "kind": one.kind, "size": one.size, "sha256": one.sha256}
        for one in row.files.all()
    ]
    return {
        "at": row.at, "word": row.word, "actor": row.actor, "text": row.text, "data": row.data, "files": files,
    }  # fmt: skip


def _letter_row(row: Delivery) -> Row:
    return {
        "at": row.notice.at, "word": row.notice.word, "to": row.recipient.removeprefix(LETTER), "sent_at": row.sent_at,
        "given_up_at": row.given_up_at, "outcome": row.outcome,
    }  # fmt: skip


def requirement_row(row: Requirement) -> Row:
    """A wish that is taken seriously."""
    return {
        "id": row.pk, "title": row.title, "text": row.text, "ticket": row.ticket_id, "state": row.state,
        "made_at": row.made_at, "made_by": row.made_by,
    }  # fmt: skip
