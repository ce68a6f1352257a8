"""The outbox: notices and their deliveries. Sending is the engine's; recording what came of it is here."""

import hashlib
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from mainstay.audit.actions import record
from mainstay.catalogue.models import Channel
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.backoff import is_hopeless, next_try
from mainstay.notices.models import Delivery, Notice
from mainstay.settings import CONFIGURATION

LEASE = timedelta(seconds=90)
"""How long a sender may take; after that somebody else tries."""


def announce(
    incident_id: int | None,
    word: str,
    now: datetime,
    data: dict[str, Any],
    *,
    level: int,
    system: str = "",
    only: Collection[str] = (),
) -> Notice:
    """A notice and its deliveries, inside the caller's transaction.

    A first notice waits ``settle`` seconds, so that what joins in the meantime is in it; while it waits, a worse level
    needs no notice of its own. What follows never overtakes it.
    """
    key = _notice_key(incident_id, word, now)
    notice = Notice.objects.create(key=key, incident_id=incident_id, word=word, at=now, data=data)
    due = now + timedelta(seconds=CONFIGURATION.settle if word in ("opened", "reopened") else 0)
    waiting = _waiting(incident_id)
    Delivery.objects.bulk_create(
        Delivery(
            notice=notice, channel=channel, key=delivery_key(key, channel.name),
            due_at=max(due, waiting.get(channel.pk, due)),
        )
        for channel in _listeners(level, system, only)
        if not (word == "worse" and channel.pk in waiting)
    )  # fmt: skip
    return notice


def _notice_key(incident_id: int | None, word: str, now: datetime) -> str:
    if incident_id is None:
        return f"mainstay-{word}-{now.timestamp():.6f}"
    return f"incident-{incident_id}-{word}-{Notice.objects.filter(incident_id=incident_id, word=word).count() + 1}"


def delivery_key(notice_key: str, channel: str) -> str:
    """Goes out in the message, so that a copy is known as one."""
    return hashlib.sha256(f"{notice_key}/{channel}".encode()).hexdigest()[:20]


def _waiting(incident_id: int | None) -> dict[int, datetime]:
    """Channels that were not told of the incident yet, and when they will be."""
    if incident_id is None:
        return {}
    rows = Delivery.objects.filter(
        notice__incident_id=incident_id, notice__word__in=("opened", "reopened"), sent_at=None, given_up_at=None
    )
    return dict(rows.values_list("channel_id", "due_at"))


def _listeners(level: int, system: str, only: Collection[str]) -> list[Channel]:
    channels = Channel.objects.filter(retired_at=None)
    if only:
        channels = channels.filter(name__in=only)
    return [
        channel
        for channel in channels
        if level in channel.document.get("levels", [1, 2, 3])
        and (not channel.document.get("systems") or system in channel.document["systems"])
    ]


def withdraw(incident_id: int, reason: str, now: datetime) -> bool:
    """What was not sent about this incident is no longer to be sent. Returns whether anybody was told before."""
    about = Delivery.objects.filter(notice__incident_id=incident_id)
    about.filter(sent_at=None, given_up_at=None).update(given_up_at=now, outcome=reason)
    return about.exclude(sent_at=None).exists()


def lease(now: datetime, most: int) -> list[Delivery]:
    """Take up to ``most`` due deliveries for LEASE; what somebody else took in the meantime is left to him."""
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    due = Delivery.objects.filter(free, due_at__lte=now, sent_at=None, given_up_at=None).order_by("due_at", "pk")
    taken = []
    for delivery in due.select_related("notice__incident", "channel")[:most]:
        mine = Delivery.objects.filter(free, pk=delivery.pk, sent_at=None, given_up_at=None)
        if mine.update(leased_until=now + LEASE, attempts=F("attempts") + 1):
            delivery.attempts += 1
            taken.append(delivery)
    return taken


def delivered(delivery: Delivery, answer: str, now: datetime) -> None:
    """It was sent; the receiver's answer is the outcome."""
    Delivery.objects.filter(pk=delivery.pk).update(sent_at=now, leased_until=None, outcome=answer[:500])


def failed(delivery: Delivery, reason: str, now: datetime, *, retry: bool) -> None:
    """It was not; try again later, or leave it to a person when trying is of no use."""
    given_up = None if retry and not is_hopeless(delivery.notice.at, now) else now
    Delivery.objects.filter(pk=delivery.pk).update(
        due_at=next_try(delivery.attempts, now, delivery.key), leased_until=None, given_up_at=given_up,
        outcome=reason[:500],
    )  # fmt: skip


def retry(delivery_id: int, *, actor: Actor) -> Delivery:
    """Send now what waits or was given up. Raises Delivery.DoesNotExist, ValueError when it was sent."""
    authorise(actor, "notice.retry")
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().get(pk=delivery_id)
        if delivery.sent_at:
            raise ValueError(f"delivery {delivery_id} was sent at {delivery.sent_at.isoformat()}")
        delivery.due_at, delivery.given_up_at, delivery.leased_until = datetime.now(UTC), None, None
        delivery.save()
        record(actor, "notice.retry", f"delivery {delivery_id}", {"channel": delivery.channel.name})
    return delivery


def test_channel(name: str, *, actor: Actor) -> Delivery:
    """Queue a test message for one channel. Raises Channel.DoesNotExist."""
    authorise(actor, "channel.test")
    with transaction.atomic():
        channel = Channel.objects.get(name=name, retired_at=None)
        now = datetime.now(UTC)
        key = f"test-{name}-{now.timestamp():.6f}"
        notice = Notice.objects.create(key=key, word="test", at=now, data={"by": actor.name})
        delivery = Delivery.objects.create(notice=notice, channel=channel, key=delivery_key(key, name), due_at=now)
        record(actor, "channel.test", f"channel {name}")
    return delivery
