"""Calling one person, one channel or one vendor: a notice for nobody else, by every way that leads to him."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mainstay.catalogue.models import Channel
from mainstay.catalogue.queries import mail_channel
from mainstay.notices.actions.announcing import delivery_key
from mainstay.notices.models import Delivery, Notice
from mainstay.notices.queries import TAKEN_ON, Way, ways_to
from mainstay.people.models import Person


@dataclass(frozen=True, slots=True)
class Summons:
    """Whom to call, of ``kind`` person, channel or vendor, and what to say. ``key`` tells one call from another;
    ``only`` are the channels that the system names, whose mail server is taken first."""

    kind: str
    name: str
    word: str
    key: str
    at: datetime
    data: dict[str, Any]
    incident_id: int | None = None
    only: Collection[str] = ()


def summon(one: Summons) -> Notice:
    """The notice and its deliveries, inside the caller's transaction. A notice without any says that there was no
    way: ``queries.ways_to`` says so before."""
    notice = Notice.objects.create(
        key=one.key, incident_id=one.incident_id, word=one.word, at=one.at,
        data={**one.data, "recipient": f"{one.kind}:{one.name}"},
    )  # fmt: skip
    recipient = "" if one.kind == "channel" else f"{one.kind}:{one.name}"
    Delivery.objects.bulk_create(
        Delivery(
            notice=notice, channel=way.channel, contact=way.contact, recipient=recipient, due_at=one.at,
            key=delivery_key(one.key, str(way)),
        )
        for way in _ways(one)
    )  # fmt: skip
    return notice


def _ways(one: Summons) -> list[Way]:
    if one.kind == "channel":
        return [Way(channel) for channel in Channel.objects.filter(name=one.name, retired_at=None)]
    mail = mail_channel(one.only)
    if one.kind == "vendor":
        return [Way(mail)] if mail else []
    return ways_to(Person.objects.get(username=one.name), mail)


def withdraw_calls(keys: Collection[str], now: datetime) -> set[str]:
    """What of these notices is not sent needs not be sent any more. The keys of those that somebody got."""
    about = Delivery.objects.filter(notice__key__in=keys)
    about.filter(sent_at=None, given_up_at=None).update(given_up_at=now, outcome=TAKEN_ON)
    return set(about.exclude(sent_at=None).values_list("notice__key", flat=True))
