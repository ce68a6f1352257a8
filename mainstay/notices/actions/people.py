"""What people do with notices: send one again, try a channel."""

from datetime import UTC, datetime

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue.models import Channel
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.saying import say
from mainstay.notices.actions.announcing import delivery_key
from mainstay.notices.models import Delivery, Notice


def retry(delivery_id: int, *, actor: Actor) -> Delivery:
    """Send now what waits or was given up. Raises Delivery.DoesNotExist, ValueError when it was sent."""
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().get(pk=delivery_id)
        incident = delivery.notice.incident
        authorise(actor, "notice.retry", system=incident.system.name if incident and incident.system else None)
        if delivery.sent_at:
            raise ValueError(say("delivery %(number)s was sent already", number=delivery_id))
        delivery.due_at, delivery.given_up_at, delivery.leased_until = datetime.now(UTC), None, None
        delivery.save()
        record(actor, "notice.retry", f"delivery {delivery_id}", {"channel": delivery.receiver})
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
