"""Reading notices and what became of them."""

from datetime import datetime, timedelta

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from mainstay.notices.models import Delivery, Notice


def notices(incident_id: int | None = None) -> QuerySet[Notice]:
    """Newest first, with their deliveries."""
    found = Notice.objects.select_related("incident").prefetch_related("deliveries__channel").order_by("-at", "-pk")
    return found.filter(incident_id=incident_id) if incident_id is not None else found


def deliveries(*, incident_id: int | None = None, channel: str = "", outcome: str = "") -> QuerySet[Delivery]:
    """Newest first; ``outcome`` is waiting, sent or failed."""
    found = Delivery.objects.select_related("notice__incident", "channel").order_by("-pk")
    if incident_id is not None:
        found = found.filter(notice__incident_id=incident_id)
    if channel:
        found = found.filter(channel__name=channel)
    if outcome == "waiting":
        found = found.filter(sent_at=None, given_up_at=None)
    elif outcome == "sent":
        found = found.exclude(sent_at=None)
    elif outcome == "failed":
        found = found.exclude(given_up_at=None)
    return found


def waiting() -> tuple[int, datetime | None]:
    """How many deliveries wait, and since when the oldest was due."""
    found = Delivery.objects.filter(sent_at=None, given_up_at=None)
    return found.count(), found.aggregate(oldest=Min("due_at"))["oldest"]


def undelivered(now: datetime) -> QuerySet[Delivery]:
    """What failed at least once and is still not there, or was given up within two days: a person should look."""
    waits = Q(given_up_at=None, due_at__gte=now)
    return (
        Delivery.objects.select_related("notice", "channel")
        .filter(waits | Q(given_up_at__gte=now - timedelta(days=2)), sent_at=None, attempts__gte=1)
        .exclude(outcome__startswith="merged into")
    )


def unheard(before: datetime) -> datetime | None:
    """When the oldest notice was due that nobody has received on any channel, if that was before a time."""
    silent = Delivery.objects.filter(sent_at=None, given_up_at=None, notice__at__lt=before).exclude(
        Exists(Delivery.objects.filter(notice=OuterRef("notice"), sent_at__isnull=False))
    )
    oldest: datetime | None = silent.aggregate(oldest=Min("notice__at"))["oldest"]
    return oldest
