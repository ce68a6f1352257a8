"""What was done: who stands in, who asks to swap, who was called, what was handed over."""

from datetime import datetime

from django.db.models import QuerySet

from mainstay.catalogue.naming import says
from mainstay.on_call.models import Call, Handover, Override, Swap


def overrides(now: datetime, rotation: str = "") -> QuerySet[Override]:
    """Those in force or to come, the earliest first."""
    found = Override.objects.filter(ended_at=None, end__gt=now).order_by("start", "pk")
    return found.filter(rotation=rotation) if rotation else found


def swaps(state: str = "", rotation: str = "") -> QuerySet[Swap]:
    """The newest first."""
    found = Swap.objects.order_by("-asked_at", "-pk")
    if rotation:
        found = found.filter(rotation=rotation)
    return found.filter(state=state) if state else found


def swap(number: int) -> Swap:
    """Raises Swap.DoesNotExist."""
    return Swap.objects.get(pk=number)


def waiting_swaps(now: datetime) -> QuerySet[Swap]:
    """Those that still can be answered."""
    return swaps("asked").filter(end__gt=now)


HANDOVER_SORTS = {"newest": ("-at", "-pk"), "oldest": ("at", "pk")}


def handovers(rotation: str = "", *, waiting: bool = False, text: str = "", sort: str = "newest") -> QuerySet[Handover]:
    """By rotation, by whether somebody has to confirm it, and by the people and words in it."""
    found = Handover.objects.order_by(*HANDOVER_SORTS[sort])
    found = found.filter(says(text, ("rotation", "before", "after", "words"))) if text else found
    if rotation:
        found = found.filter(rotation=rotation)
    return found.filter(confirmed_at=None) if waiting else found


def handover(number: int) -> Handover:
    """Raises Handover.DoesNotExist."""
    return Handover.objects.get(pk=number)


def to_confirm(person: str) -> QuerySet[Handover]:
    """What was handed over to somebody and he has not confirmed."""
    return Handover.objects.filter(after=person, confirmed_at=None).order_by("-at")


def calls_of(incident_id: int) -> QuerySet[Call]:
    """Who was called for an incident, in the order of the calls."""
    return Call.objects.filter(incident=incident_id).select_related("move").order_by("at", "pk")
