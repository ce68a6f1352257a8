"""A test message by a channel that is not applied yet: sent at once, by the real driver, and nothing kept of it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue.models import Channel
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.draft import Catalogue
from mainstay.domain.saying import say
from mainstay.drivers.channels import Undelivered
from mainstay.engine.sender import outgoing, send
from mainstay.notices.actions.announcing import delivery_key
from mainstay.notices.models import Delivery, Notice

LONGEST = 12.0
"""Seconds: somebody waits."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of it. ``answer`` is the receiver's, or the reason why it did not arrive."""

    channel: str
    delivered: bool
    answer: str


def tell(wanted: Catalogue, name: str, *, actor: Actor) -> Told:
    """Send a test message by the channel ``name`` of ``wanted``. Raises ValueError when it has none of that name."""
    authorise(actor, "catalogue.try")
    if name not in wanted.channels:
        raise ValueError(say("the catalogue has no channel %(name)s", name=name))
    document = wanted.channels[name]
    channel = Channel(
        name=name, kind=document.kind, settings=dict(document.model_extra or {}),
        document=document.model_dump(mode="json"),
    )  # fmt: skip
    with transaction.atomic():
        record(actor, "catalogue.try", f"channel {name}")
    now = datetime.now(UTC)
    key = f"try-{name}-{now.timestamp():.6f}"
    notice = Notice(key=key, word="test", at=now, data={"by": actor.name})
    answer = send(outgoing(Delivery(notice=notice, channel=channel, key=delivery_key(key, name), due_at=now), LONGEST))
    arrived = not isinstance(answer, Undelivered)
    return Told(name, arrived, answer if isinstance(answer, str) else answer.reason)
