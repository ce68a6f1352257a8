"""What the people say who use the systems: anybody on the public page and by mail, somebody signed in, a program.

What strangers send is bounded here, whatever door they came through.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum

from mainstay.audit.actions import record
from mainstay.catalogue import queries as catalogue
from mainstay.domain import help_desk as rules
from mainstay.domain.actor import ENGINE, EVERYTHING, Actor, Role, Sight, authorise
from mainstay.domain.attachment import Unfit, sniff, tame
from mainstay.domain.help_desk import Kind, State
from mainstay.domain.saying import say
from mainstay.help_desk import queries
from mainstay.help_desk.actions import letters
from mainstay.help_desk.models import Content, File, Message, Ticket
from mainstay.people.models import Person

STRANGER = Actor("reporter", Role.NONE)
"""Somebody whom nobody knows but by his mail address, or by the address of his ticket's page."""
_HOUR = timedelta(hours=1)


class TooMany(ValueError):
    """So much within an hour that more is not taken; the message says so."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as somebody sent it."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reports. ``system`` is a name, empty where he does not know."""

    kind: str
    subject: str
    text: str
    system: str = ""
    address: str = ""
    name: str = ""
    language: str = "en"
    files: Sequence[Sent] = ()


@dataclass(frozen=True, slots=True)
class _Door:
    """Where a report came in, by whom, and when."""

    came_by: str
    actor: Actor
    now: datetime


def report(
    what: Report, *, came_by: str, person: Person | None = None, sight: Sight = EVERYTHING, now: datetime | None = None
) -> Ticket:
    """Of a stranger, who must leave an address, or of a person for himself. Raises Unfit, TooMany; System.DoesNotExist
    for a system that is not on the public page, or that the person does not see."""
    actor = STRANGER if person is None else Actor(f"person:{person.username}", Role.NONE)
    door = _Door(came_by, actor, now or datetime.now(UTC))
    given = what.address or (person.email if person else "")
    address = rules.address(given) if given or person is None else ""
    offered = catalogue.on_status_page() if person is None else catalogue.systems(sight)
    system = offered.get(name=what.system) if what.system else None
    with transaction.atomic():
        _bound(address, person, door.now - _HOUR)
        return _opened(Ticket(address=address, person=person, system=system), what, door)


def _bound(address: str, person: Person | None, since: datetime) -> None:
    """Raises TooMany."""
    mine = queries.opened_since(since, address) if person is None else queries.opened_by(person, since)
    strangers = queries.opened_since(since) if person is None else 0
    if mine >= rules.TICKETS_AN_HOUR or strangers >= rules.STRANGERS_AN_HOUR:
        raise TooMany(say("too many reports within an hour; try again later"))


def open_ticket(what: Report, *, actor: Actor, came_by: str) -> Ticket:
    """In the name of somebody who called, or by a program. Raises Unfit, System.DoesNotExist."""
    authorise(actor, "desk.open", system=what.system or None)
    system = catalogue.system(what.system) if what.system else None
    address = rules.address(what.address) if what.address else ""
    with transaction.atomic():
        door = _Door(came_by, actor, datetime.now(UTC))
        return _opened(Ticket(address=address, system=system), what, door)


def _opened(ticket: Ticket, what: Report, door: _Door) -> Ticket:
    """A fault of a system that is down is part of that incident at once."""
    subject, text = rules.one_line(what.subject, rules.LONGEST_SUBJECT), rules.tidy(what.text)
    rules.check_words(subject, text)
    ticket.key, ticket.kind, ticket.subject = secrets.token_urlsafe(32), rules.kind_of(what.kind).value, subject
    ticket.name = rules.one_line(what.name, rules.LONGEST_NAME) or (ticket.person.username if ticket.person else "")
    ticket.language, ticket.came_by = what.language, door.came_by
    ticket.opened_at = ticket.changed_at = door.now
    incident = queries.outage_of(ticket.system) if ticket.system and ticket.kind == Kind.FAULT else None
    if incident is not None:
        ticket.incident, ticket.state, ticket.told = incident, State.JOINED.value, rules.progress("", "open")
    ticket.save()
    speak(ticket, "said", text, door.actor, door.now, files=what.files)
    if incident is not None:
        speak(ticket, "joined", "", ENGINE, door.now, data={"incident": incident.pk})
    record(door.actor, "desk.open", f"ticket {ticket.pk}", {"kind": ticket.kind, "by": door.came_by})
    letters.write(ticket, "ticket-received", door.now)
    letters.tell_operators(ticket, text, door.now)
    return ticket


def say_more(ticket: Ticket, text: str, *, files: Sequence[Sent] = (), actor: Actor = STRANGER) -> Ticket:
    """More words of its reporter, which open it again when it was answered or closed. Raises Unfit, TooMany."""
    words, now = rules.tidy(text), datetime.now(UTC)
    rules.check_words(ticket.subject, words)
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update().get(pk=ticket.pk)
        if queries.said_since(ticket, now - _HOUR) >= rules.WORDS_AN_HOUR:
            raise TooMany(say("too many messages within an hour; try again later"))
        speak(ticket, "said", words, actor, now, files=files)
        if ticket.state != State.JOINED:
            ticket.state, ticket.closed_at, ticket.closed_by = State.NEW.value, None, ""
        ticket.changed_at = now
        ticket.save()
        record(actor, "desk.say", f"ticket {ticket.pk}", {"letters": len(words), "files": len(files)})
    return ticket


def score(ticket: Ticket, number: int, text: str) -> Ticket:
    """How content its reporter was, 1 to 5; said again it replaces what was said. Raises Unfit, when it is not closed
    as well."""
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update().get(pk=ticket.pk)
        if ticket.closed_at is None:
            raise Unfit(say("it is not closed yet"))
        if number not in range(1, 6):
            raise Unfit(say("choose from 1 to 5"))
        ticket.score, ticket.score_text, ticket.scored_at = number, rules.tidy(text)[:1000], datetime.now(UTC)
        ticket.save()
        record(STRANGER, "desk.score", f"ticket {ticket.pk}", {"score": number})
    return ticket


def speak(
    ticket: Ticket, word: str, text: str, actor: Actor, now: datetime, *, files: Sequence[Sent] = (),
    data: dict[str, Any] | None = None,
) -> Message:  # fmt: skip
    """A line of the ticket, and the files that came with it. Raises Unfit."""
    before = File.objects.filter(message__ticket=ticket).aggregate(size=Sum("size"))["size"] or 0 if files else 0
    rules.check_files([(one.name, len(one.content)) for one in files], before)
    made = Message.objects.create(ticket=ticket, at=now, word=word, actor=actor.name, text=text, data=data or {})
    for one in files:
        row = File.objects.create(
            message=made, name=tame(one.name), kind=sniff(one.content), size=len(one.content),
            sha256=hashlib.sha256(one.content).hexdigest(),
        )  # fmt: skip
        Content.objects.create(file=row, data=one.content)
    return made
