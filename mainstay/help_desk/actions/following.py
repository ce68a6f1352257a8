"""What follows by itself: reporters hear of the incidents that their tickets are part of, and what stays quiet ends.

It is found in the rows each time, so that a kill anywhere loses no letter.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Q, Value, When

from mainstay.domain.actor import ENGINE
from mainstay.domain.help_desk import State, progress
from mainstay.help_desk.actions import letters
from mainstay.help_desk.actions.operators import closed
from mainstay.help_desk.actions.reporting import speak
from mainstay.help_desk.models import Ticket
from mainstay.incidents.models import Entry

ANSWERED_FOR, WAITED_FOR = timedelta(days=7), timedelta(days=14)
"""After so long without a word of its reporter a ticket is closed: when it was answered, or when he was asked."""
AT_ONCE = 200


def follow_incidents(now: datetime) -> int:
    """Tell reporters what is new of their incidents; returns how many letters were due. One that was merged into
    another is followed there."""
    news = Case(
        When(incident__state="open", told__in=("joined", "acknowledged", "reopened"), then=Value("")),
        When(incident__state=F("told"), then=Value("")), default=F("incident__state"),
    )  # fmt: skip
    about = Q(state=State.JOINED.value) | Q(state=State.ANSWERED.value, told="resolved")
    waiting = Ticket.objects.filter(about).exclude(incident=None).annotate(news=news).exclude(news="")
    return sum(_tell(number, now) for number in waiting.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])


def _tell(number: int, now: datetime) -> bool:
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update().get(pk=number)
        if ticket.incident is None or ticket.state not in (State.JOINED, State.ANSWERED):
            return False
        merged = Entry.objects.filter(incident=ticket.incident, word="merged").order_by("-pk").first()
        if merged is not None and ticket.incident.state == "resolved":
            ticket.incident_id = merged.data["into"]
            speak(ticket, "joined", "", ENGINE, now, data=merged.data and {"incident": merged.data["into"]})
            ticket.save()
            return False
        if not (word := progress(ticket.told, ticket.incident.state)):
            return False
        ticket.told, ticket.changed_at = word, now
        ticket.state = (State.ANSWERED if word == "resolved" else State.JOINED).value
        speak(ticket, word, "", ENGINE, now, data={"incident": ticket.incident_id})
        ticket.save()
        letters.write(ticket, "ticket-progress", now, {"progress": word})
    return True


def close_silent(now: datetime) -> int:
    """Close what its reporter has said nothing to for long; returns how many."""
    quiet = Q(state=State.ANSWERED.value, changed_at__lt=now - ANSWERED_FOR)
    quiet |= Q(state=State.WAITING.value, changed_at__lt=now - WAITED_FOR)
    numbers = list(Ticket.objects.filter(quiet).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    for number in numbers:
        with transaction.atomic():
            ticket = Ticket.objects.select_for_update().filter(quiet, pk=number).first()
            if ticket is not None:
                closed(ticket, ENGINE, now, "")
    return len(numbers)
