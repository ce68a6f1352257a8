"""Who is told what: a notice, its deliveries, and for every channel that is left out the reason."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from mainstay.catalogue.models import Channel
from mainstay.notices.models import LETTER, Delivery, Notice
from mainstay.settings import CONFIGURATION

FIRST = ("opened", "reopened")
"""Words by which people hear of an incident; what follows never overtakes them."""

LAST = ("acknowledged", "resolved")
"""Words for those alone who heard of it."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Something to announce. ``only`` are the channels that the system asks for, empty for all; ``to`` names the one
    channel that is told whatever it wants to hear, ``-`` none. An empty ``category`` is every channel's."""

    incident_id: int | None
    word: str
    at: datetime
    data: dict[str, Any]
    level: int
    system: str = ""
    category: str = ""
    only: Collection[str] = ()
    to: str = ""


@dataclass(slots=True)
class _Known:
    """What the incidents' channels were told so far."""

    count: Counter[tuple[int | None, str]] = field(default_factory=Counter)
    told: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    waiting: dict[int, dict[int, datetime]] = field(default_factory=lambda: defaultdict(dict))

    @classmethod
    def of(cls, incident_ids: Collection[int]) -> "_Known":
        known = cls()
        if not incident_ids:
            return known
        notices = Notice.objects.filter(incident__in=incident_ids).order_by()
        for incident, word, count in notices.values_list("incident_id", "word").annotate(count=Count("pk")):
            known.count[incident, word] = count
        rows = Delivery.objects.filter(notice__incident__in=incident_ids, given_up_at=None, recipient="").order_by()
        for incident, word, channel, due, sent in rows.values_list(
            "notice__incident_id", "notice__word", "channel_id", "due_at", "sent_at"
        ):
            known.note(incident, word, channel, due, waits=sent is None)
        return known

    def note(self, incident: int | None, word: str, channel: int, due: datetime, *, waits: bool) -> None:
        if incident is not None:
            self.told[incident].add(channel)
            if waits and word in FIRST:
                self.waiting[incident][channel] = due


def announce(incident_id: int | None, word: str, now: datetime, data: dict[str, Any], **who: Any) -> Notice:
    """One notice; see ``Telling`` for ``who``. Inside the caller's transaction."""
    return announce_all([Telling(incident_id, word, now, data, **who)])[0]


def announce_all(tellings: Sequence[Telling]) -> list[Notice]:
    """Notices and their deliveries, in a fixed number of queries, inside the caller's transaction.

    A first notice waits ``settle`` seconds, so that what joins in the meantime is in it; while it waits, a worse level
    needs no notice of its own.
    """
    if not tellings:
        return []
    channels = list(Channel.objects.filter(retired_at=None))
    known = _Known.of({one.incident_id for one in tellings if one.incident_id is not None})
    notices: list[Notice] = []
    deliveries: list[Delivery] = []
    for one in tellings:
        left_out = {channel.name: reason for channel in channels if (reason := _reason(channel, one, known))}
        notice = Notice(
            key=_notice_key(one, known), incident_id=one.incident_id, word=one.word, at=one.at,
            data={**one.data, "left_out": left_out} if left_out else one.data,
        )  # fmt: skip
        notices.append(notice)
        deliveries += [_delivery(notice, channel, known) for channel in channels if channel.name not in left_out]
    Notice.objects.bulk_create(notices)
    Delivery.objects.bulk_create(deliveries)
    return notices


def write_letter(channel: Channel, about: str, word: str, now: datetime, *, to: str, data: dict[str, Any]) -> Delivery:
    """A letter to one address by a channel of the kind ``smtp``; ``about`` says what it tells of. Inside the caller's
    transaction."""
    count = Notice.objects.filter(key__startswith=f"{about}-{word}-").count()
    notice = Notice.objects.create(key=f"{about}-{word}-{count + 1}", word=word, at=now, data=data)
    return Delivery.objects.create(
        notice=notice,
        channel=channel,
        recipient=f"{LETTER}{to}",
        key=delivery_key(notice.key, channel.name),
        due_at=now,
    )


def _reason(channel: Channel, one: Telling, known: _Known) -> str:
    """Why a channel is left out, as a code; empty when it is told."""
    if one.to:
        return "" if channel.name == one.to else "to"
    if one.incident_id is not None and one.word in LAST:
        return "" if channel.pk in known.told[one.incident_id] else "untold"
    if one.only and channel.name not in one.only:
        return "notify"
    if unwanted := _unwanted(channel.document, one):
        return unwanted
    waits = one.incident_id is not None and channel.pk in known.waiting[one.incident_id]
    return "waiting" if one.word == "worse" and waits else ""


def _unwanted(asked: Mapping[str, Any], one: Telling) -> str:
    """What of it the channel did not ask for."""
    if one.level not in asked.get("levels", [1, 2, 3]):
        return "level"
    if (systems := asked.get("systems")) and one.system not in systems:
        return "system"
    return "category" if one.category and one.category not in (asked.get("categories") or [one.category]) else ""


def _notice_key(one: Telling, known: _Known) -> str:
    known.count[one.incident_id, one.word] += 1
    number = known.count[one.incident_id, one.word]
    if one.incident_id is None:
        return f"mainstay-{one.word}-{one.at.timestamp():.6f}-{number}"
    return f"incident-{one.incident_id}-{one.word}-{number}"


def _delivery(notice: Notice, channel: Channel, known: _Known) -> Delivery:
    due = notice.at + timedelta(seconds=CONFIGURATION.settle if notice.word in FIRST else 0)
    if notice.incident_id is not None:
        due = max(due, known.waiting[notice.incident_id].get(channel.pk, due))
    known.note(notice.incident_id, notice.word, channel.pk, due, waits=True)
    return Delivery(notice=notice, channel=channel, key=delivery_key(notice.key, channel.name), due_at=due)


def delivery_key(notice_key: str, channel: str) -> str:
    """Goes out in the message, so that a copy is known as one."""
    return hashlib.sha256(f"{notice_key}/{channel}".encode()).hexdigest()[:20]


def withdraw(reasons: Mapping[int, str], now: datetime) -> set[int]:
    """What was not sent about these incidents is no longer to be sent. Returns those that somebody was told of."""
    about = Delivery.objects.filter(notice__incident__in=reasons)
    unsent: dict[str, list[int]] = defaultdict(list)
    for key, incident in about.filter(sent_at=None, given_up_at=None).values_list("pk", "notice__incident_id"):
        unsent[reasons[incident]].append(key)
    for reason, keys in unsent.items():
        Delivery.objects.filter(pk__in=keys).update(given_up_at=now, outcome=reason)
    return set(about.exclude(sent_at=None).values_list("notice__incident_id", flat=True))
