"""What operators do with a ticket. Each act is authorised, carried out and audited in one transaction."""

from datetime import UTC, datetime

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue import queries as catalogue
from mainstay.domain import help_desk as rules
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.help_desk import Kind, State, label
from mainstay.domain.saying import say
from mainstay.help_desk import queries
from mainstay.help_desk.actions import letters
from mainstay.help_desk.actions.reporting import speak
from mainstay.help_desk.models import Message, Requirement, Ticket
from mainstay.incidents.models import Incident


class Illegal(ValueError):
    """The ticket's state does not allow this; the message says what would."""


def answer(number: int, text: str, *, actor: Actor, ask: bool = False) -> Ticket:
    """Write to its reporter; ``ask``: his answer is waited for. Raises Illegal, Unfit, Ticket.DoesNotExist."""
    words = rules.tidy(text)
    rules.check_words("…", words)
    with transaction.atomic():
        ticket, now = _locked(number, actor, "desk.answer"), datetime.now(UTC)
        if ticket.state == State.CLOSED:
            raise Illegal(say("%(ticket)s is closed; its reporter opens it again by writing", ticket=label(number)))
        spoken = speak(ticket, "asked" if ask else "answered", words, actor, now)
        if ask or ticket.state != State.JOINED:
            ticket.state = (State.WAITING if ask else State.ANSWERED).value
        _saved(ticket, now)
        _posted(ticket, "ticket-answered", now, spoken)
        record(actor, "desk.answer", f"ticket {number}", {"ask": ask})
    return ticket


def note(number: int, text: str, *, actor: Actor) -> Ticket:
    """Words for colleagues; its reporter never reads them. Raises Unfit, Ticket.DoesNotExist."""
    words = rules.tidy(text)
    rules.check_words("…", words)
    with transaction.atomic():
        ticket, now = _locked(number, actor, "desk.answer"), datetime.now(UTC)
        speak(ticket, "note", words, actor, now)
        _saved(ticket, now)
        record(actor, "desk.answer", f"ticket {number}", {"note": True})
    return ticket


def sort(number: int, *, actor: Actor, kind: str | None = None, system: str | None = None) -> Ticket:
    """Say what it really is and which system it is about; an empty name for none. Raises System.DoesNotExist, Illegal
    for a joined one that would leave its incident's system."""
    with transaction.atomic():
        ticket, now = _locked(number, actor, "desk.sort"), datetime.now(UTC)
        if system is not None:
            authorise(actor, "desk.sort", system=system or None)
            found = catalogue.system(system) if system else None
            if ticket.state == State.JOINED and found != ticket.system:
                raise Illegal(say("%(ticket)s is part of an incident of its system", ticket=label(number)))
            ticket.system = found
        ticket.kind = rules.kind_of(kind).value if kind is not None else ticket.kind
        facts = {"kind": ticket.kind, "system": ticket.system.name if ticket.system else ""}
        speak(ticket, "sorted", "", actor, now, data=facts)
        _saved(ticket, now)
        record(actor, "desk.sort", f"ticket {number}", facts)
    return ticket


def join(number: int, incident: int | None = None, *, actor: Actor) -> Ticket:
    """Make it part of an incident that runs, by default the worst of its system; its reporter hears how that goes on.
    Raises Illegal, Incident and Ticket.DoesNotExist."""
    with transaction.atomic():
        ticket, now = _locked(number, actor, "desk.join"), datetime.now(UTC)
        if incident is None and (worst := queries.running(ticket, actor.sight).first()) is not None:
            incident = worst.pk
        if incident is None:
            raise Illegal(say("no incident is running that it could be part of"))
        found = Incident.objects.select_related("system").get(pk=incident)
        authorise(actor, "incident.read", system=found.system.name if found.system else None)
        if found.state == "resolved":
            raise Illegal(say("incident %(number)s is resolved; answer instead", number=incident))
        if ticket.incident == found and ticket.state == State.JOINED:
            raise Illegal(say("%(ticket)s is part of that incident already", ticket=label(number)))
        ticket.incident, ticket.state, ticket.told = found, State.JOINED.value, rules.progress("", found.state)
        ticket.system = found.system or ticket.system
        ticket.closed_at, ticket.closed_by = None, ""
        speak(ticket, "joined", "", actor, now, data={"incident": incident})
        _saved(ticket, now)
        letters.write(ticket, "ticket-progress", now, {"progress": ticket.told})
        record(actor, "desk.join", f"ticket {number}", {"incident": incident})
    return ticket


def close(number: int, *, actor: Actor, text: str = "") -> Ticket:
    """It is done; its reporter is asked how content he is. Raises Illegal, Unfit, Ticket.DoesNotExist."""
    with transaction.atomic():
        ticket = _locked(number, actor, "desk.close")
        if ticket.state == State.CLOSED:
            raise Illegal(say("%(ticket)s is closed already", ticket=label(number)))
        closed(ticket, actor, datetime.now(UTC), rules.tidy(text)[: rules.LONGEST_TEXT])
    return ticket


def closed(ticket: Ticket, actor: Actor, now: datetime, text: str) -> None:
    """Close a ticket that the caller has locked, and ask."""
    ticket.state, ticket.closed_at, ticket.closed_by = State.CLOSED.value, now, actor.name
    spoken = speak(ticket, "closed", text, actor, now)
    _saved(ticket, now)
    _posted(ticket, "ticket-closed", now, spoken)
    record(actor, "desk.close", f"ticket {ticket.pk}", {})


def make_requirement(number: int, *, actor: Actor, title: str = "") -> Requirement:
    """A wish is kept as a requirement. Raises Illegal when it is one already, Ticket.DoesNotExist."""
    with transaction.atomic():
        ticket, now = _locked(number, actor, "desk.wish"), datetime.now(UTC)
        if Requirement.objects.filter(ticket=ticket).exists():
            raise Illegal(say("%(ticket)s is a requirement already", ticket=label(number)))
        text = "\n\n".join(Message.objects.filter(ticket=ticket, word="said").values_list("text", flat=True))
        made = Requirement.objects.create(
            title=rules.one_line(title, rules.LONGEST_SUBJECT) or ticket.subject, text=text, ticket=ticket,
            made_at=now, made_by=actor.name,
        )  # fmt: skip
        ticket.kind = Kind.WISH.value
        speak(ticket, "wish", "", actor, now, data={"requirement": made.pk})
        _saved(ticket, now)
        record(actor, "desk.wish", f"ticket {number}", {"requirement": made.pk})
    return made


def _posted(ticket: Ticket, word: str, now: datetime, spoken: Message) -> None:
    letters.write(ticket, word, now, {"message": spoken.pk})


def _saved(ticket: Ticket, now: datetime) -> None:
    ticket.changed_at = now
    ticket.save()


def _locked(number: int, actor: Actor, act: str) -> Ticket:
    """The ticket, for one who may do this on its system."""
    ticket = Ticket.objects.select_for_update().get(pk=number)
    authorise(actor, act, system=ticket.system.name if ticket.system else None)
    return ticket
