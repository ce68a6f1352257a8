"""Letters to reporters: outbox rows, written in the transaction of what they tell."""

from datetime import datetime
from typing import Any

from mainstay.catalogue import queries as catalogue
from mainstay.domain.help_desk import label
from mainstay.help_desk.models import Ticket
from mainstay.notices.actions import announce, write_letter
from mainstay.settings import BASE_URL


def write(ticket: Ticket, word: str, now: datetime, data: dict[str, Any] | None = None) -> bool:
    """Whether it will go out: there are an address and a channel of the kind ``smtp``."""
    channel = catalogue.letter_channel()
    if not ticket.address or channel is None:
        return False
    facts = {"ticket": ticket.pk, "language": ticket.language, **(data or {})}
    write_letter(channel, f"ticket-{ticket.pk}", word, now, to=ticket.address, data=facts)
    return True


def tell_operators(ticket: Ticket, text: str, now: datetime) -> None:
    """The channels hear that somebody reported something."""
    title = f"{label(ticket.pk)} {ticket.subject}"
    system = ticket.system.name if ticket.system else ""
    facts = {"title": title, "text": f"{title}\n\n{text[:1000]}\n\n{BASE_URL}/desk/{ticket.pk}/"}
    announce(None, "ticket-new", now, facts, level=3, system=system)
