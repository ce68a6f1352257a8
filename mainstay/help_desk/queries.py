"""Reading tickets: the queue, one of them, and what the public page may know."""

from datetime import datetime

from django.db.models import Q, QuerySet

from mainstay.catalogue.models import System
from mainstay.catalogue.naming import says
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.help_desk import State, number_in
from mainstay.domain.state import Impact
from mainstay.help_desk.models import Content, File, Message, Received, Requirement, Ticket
from mainstay.incidents.models import Incident
from mainstay.incidents.queries import open_incidents
from mainstay.notices.models import LETTER, Delivery
from mainstay.people.models import Person
from mainstay.people.queries import seen

OPEN = tuple(one.value for one in State if one is not State.CLOSED)
SORTS = {"newest": ("-changed_at", "-pk"), "oldest": ("changed_at", "pk")}
PRIVATE = ("note", "sorted", "wish")
"""What is said on a ticket and not to its reporter."""


def tickets(
    *, state: str = "open", system: str = "", kind: str = "", text: str = "", sort: str = "newest",
    sight: Sight = EVERYTHING,
) -> QuerySet[Ticket]:  # fmt: skip
    """``state`` may also be ``open`` (all that is not closed) and empty (all); ``text`` a number or part of the
    subject, the reporter's address or name."""
    found = Ticket.objects.filter(seen(sight, "system__name")).select_related("system", "incident", "person")
    found = found.order_by(*SORTS[sort])
    if state:
        found = found.filter(state__in=OPEN) if state == "open" else found.filter(state=state)
    if system:
        found = found.filter(system__name=system)
    if kind:
        found = found.filter(kind=kind)
    if text and (number := number_in(text.upper())) is not None:
        return found.filter(pk=number)
    if text:
        found = found.filter(says(text, ("subject", "address", "name")))
    return found


def ticket(number: int, sight: Sight = EVERYTHING) -> Ticket:
    """Raises Ticket.DoesNotExist."""
    return tickets(state="", sight=sight).get(pk=number)


def by_key(key: str) -> Ticket:
    """The ticket whose page has this address. Raises Ticket.DoesNotExist."""
    return Ticket.objects.select_related("system", "incident").get(key=key[:50])


def of_person(person: Person) -> QuerySet[Ticket]:
    """What somebody who is signed in has reported, the newest first."""
    return Ticket.objects.filter(person=person).order_by("-pk")


def of_incident(number: int) -> QuerySet[Ticket]:
    """Tickets that are part of an incident, the oldest first."""
    return Ticket.objects.filter(incident=number).order_by("pk")[:50]


def messages(number: int) -> QuerySet[Message]:
    """Oldest first, with the files that came with them."""
    return Message.objects.filter(ticket=number).prefetch_related("files").order_by("at", "pk")


def told(number: int) -> QuerySet[Message]:
    """What its reporter may read of it."""
    return messages(number).exclude(word__in=PRIVATE)


def file(ticket: Ticket, number: int) -> File:
    """A file of a ticket. Raises File.DoesNotExist."""
    return File.objects.get(pk=number, message__ticket=ticket)


def content(found: File) -> bytes:
    """Its bytes."""
    return bytes(Content.objects.get(file=found).data)


def deliveries(number: int) -> QuerySet[Delivery]:
    """What was written to its reporter, the newest first."""
    found = Delivery.objects.filter(notice__key__startswith=f"ticket-{number}-").filter(recipient__startswith=LETTER)
    return found.select_related("notice", "channel").order_by("-pk")


def requirements(sight: Sight = EVERYTHING) -> QuerySet[Requirement]:
    """The newest first."""
    return Requirement.objects.filter(seen(sight, "ticket__system__name")).select_related("ticket__system")


def received() -> QuerySet[Received]:
    """What came by mail, the newest first."""
    return Received.objects.select_related("ticket")


def opened_since(moment: datetime, address: str = "") -> int:
    """How many tickets strangers have opened, or one address."""
    found = Ticket.objects.filter(opened_at__gte=moment, person=None)
    return (found.filter(address__iexact=address) if address else found).count()


def opened_by(person: Person, moment: datetime) -> int:
    """How many tickets somebody who is signed in has opened."""
    return Ticket.objects.filter(person=person, opened_at__gte=moment).count()


def said_since(ticket: Ticket, moment: datetime) -> int:
    """How often its reporter has spoken on a ticket."""
    return Message.objects.filter(ticket=ticket, word="said", at__gte=moment).count()


def outage_of(system: System) -> Incident | None:
    """The worst running incident of a system that its users must feel: a fault that is reported now is part of it. No
    drill's: users know nothing of those."""
    outage = Q(members__check_of__impact=Impact.OUTAGE.value, members__recovered_at=None)
    return open_incidents().filter(outage, system=system, drill=None).distinct().first()


def running(ticket: Ticket, sight: Sight) -> QuerySet[Incident]:
    """Incidents that a ticket may be part of: those of its system, else all, but no drill's; the worst first."""
    found = open_incidents(sight).filter(drill=None)
    return found.filter(system=ticket.system) if ticket.system else found
