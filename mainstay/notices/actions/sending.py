"""What leaves the outbox: leased, sent by the engine, recorded; in this order (see line.py)."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from mainstay.catalogue.models import Channel
from mainstay.domain.backoff import is_hopeless, next_try
from mainstay.domain.state import Level
from mainstay.notices.actions.announcing import delivery_key
from mainstay.notices.models import LETTER, Delivery, Notice

LEASE = timedelta(seconds=90)
"""How long a sender may take; after that somebody else tries."""

LATELY = timedelta(minutes=1)
"""Receivers who heard something so lately are not back from anywhere."""

ABSENT = timedelta(minutes=10)
"""So long a receiver must have been away to be told all that waited as one; after less each comes by itself."""

SHOWN = 50
"""Notices that a digest names; it counts all of them."""

_MOST_FOLDED = 5_000
_SHEET = ("inspection", "system", "system_title", "day", "number", "state", "stage")
"""What a digest tells of an inspection sheet."""

CALLS = ("call", "call-again", "call-over", "call-nobody", "handover")
"""Words by which people are called, told that it is over, or handed a shift over: each for one alone."""

_ALWAYS = ("test", "head", "digest", *CALLS)
_SEVERE = Q(notice__word="opened", notice__incident__level=Level.SEVERE.value)
_SINGLE = Q(recipient__startswith=LETTER) | Q(notice__word__in=_ALWAYS)
_PRESSING = _SINGLE | _SEVERE


def is_pressing(delivery: Delivery) -> bool:
    """Whether it goes out however much has gone out already; a letter to one person is no part of a digest."""
    notice = delivery.notice
    severe = notice.incident is not None and notice.incident.level == Level.SEVERE
    return delivery.is_letter or notice.word in _ALWAYS or (notice.word == "opened" and severe)


def lease(
    now: datetime,
    most: int,
    *,
    full: Collection[int] = (),
    hung: Collection[int] = (),
    accept: Callable[[Delivery], bool] = lambda _: True,
) -> list[Delivery]:
    """Take up to ``most`` due deliveries for LEASE, the most severe first; never one that another about the same
    incident must precede. Channels that are ``full`` get what is pressing only, ``hung`` ones nothing. ``accept`` has
    the last word. What somebody else took in the meantime is left to him."""
    due = _in_turn(_free(now)).exclude(channel__in=hung).exclude(~_PRESSING, channel__in=full)
    taken = []
    for delivery in due.select_related("notice__incident", "channel", "contact__person")[:most]:
        if accept(delivery) and _free(now).filter(pk=delivery.pk).update(
            leased_until=now + LEASE, attempts=F("attempts") + 1
        ):
            delivery.attempts += 1
            taken.append(delivery)
    return taken


def _free(now: datetime) -> QuerySet[Delivery]:
    nobody = Q(leased_until=None) | Q(leased_until__lt=now)
    return Delivery.objects.filter(nobody, due_at__lte=now, sent_at=None, given_up_at=None)


def _in_turn(due: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Of an incident to one receiver, and of letters to one address, the earlier goes out before the later."""
    earlier = Delivery.objects.filter(
        Q(notice__incident=OuterRef("notice__incident")) | Q(recipient__startswith=LETTER),
        channel=OuterRef("channel"), recipient=OuterRef("recipient"), pk__lt=OuterRef("pk"), sent_at=None,
        given_up_at=None,
    )  # fmt: skip
    severity = Coalesce("notice__incident__level", Value(0), output_field=IntegerField())
    return due.filter(~Exists(earlier)).order_by(severity, "due_at", "pk")


def fold(channel: Channel, now: datetime, *, late: bool = False) -> int:
    """Put all that waits for a channel, but what is pressing, into one digest with the exact count; returns it. What is
    ``late`` anyway presses no more, but for what is for one person alone."""
    with transaction.atomic():
        waiting = _free(now).filter(channel=channel).exclude(_SINGLE if late else _PRESSING)
        waiting = waiting.select_for_update(of=("self",))
        severity = Coalesce("notice__incident__level", Value(0), output_field=IntegerField())
        rows = list(waiting.select_related("notice__incident__system").order_by(severity, "pk")[:_MOST_FOLDED])
        if not rows:
            return 0
        name = f"digest-{channel.name}-{now.timestamp():.6f}"
        key = delivery_key(name, channel.name)
        outcome = f"told in the digest {key}"
        count = Delivery.objects.filter(pk__in=[row.pk for row in rows], sent_at=None).update(
            sent_at=now, leased_until=None, outcome=outcome
        )
        shown = [_line(row.notice) for row in rows[:SHOWN]]
        notice = Notice.objects.create(key=name, word="digest", at=now, data={"count": count, "shown": shown})
        Delivery.objects.create(notice=notice, channel=channel, key=key, due_at=now)
    return count


def _line(notice: Notice) -> dict[str, object]:
    incident = notice.incident
    if incident is None:
        return {"word": notice.word, **{name: notice.data[name] for name in _SHEET if name in notice.data}}
    return {
        "word": notice.word, "incident": incident.pk, "level": incident.level, "title": incident.called,
        "system": (incident.system.title or incident.system.name) if incident.system else "",
    }  # fmt: skip


def delivered(delivery: Delivery, answer: str, now: datetime) -> None:
    """It was sent; the receiver's answer is the outcome."""
    Delivery.objects.filter(pk=delivery.pk).update(sent_at=now, leased_until=None, outcome=answer[:500])


def back(delivery: Delivery, now: datetime) -> int:
    """It reached a channel's own receivers, who heard nothing for a while: what failed on the same way before is due
    now. Returns how many wait after a long absence, to be told together. Once a minute at most, or one that is always
    refused would be tried without a pause."""
    if delivery.recipient:
        return 0
    mine = Delivery.objects.filter(channel=delivery.channel, recipient="")
    if mine.filter(sent_at__gt=now - LATELY).exclude(pk=delivery.pk).exists():
        return 0
    waiting = mine.filter(sent_at=None, given_up_at=None).exclude(leased_until__gte=now)
    if not waiting.filter(attempts__gt=0, due_at__gt=now).update(due_at=now):
        return 0
    return waiting.filter(due_at__lte=now).count() if now - delivery.notice.at >= ABSENT else 0


def failed(delivery: Delivery, reason: str, now: datetime, *, retry: bool) -> None:
    """It was not; try again later, hourly where trying seems of no use, for a day at least. Then a person must look.

    A test is tried once when the receiver refuses it: somebody waits for the answer; and a letter, whose address is
    wrong for ever.
    """
    refused = not retry
    once = delivery.notice.word == "test" or delivery.is_letter
    hopeless = is_hopeless(delivery.notice.at, now, refused=refused) or (refused and once)
    Delivery.objects.filter(pk=delivery.pk).update(
        due_at=next_try(delivery.attempts, now, delivery.key, refused=refused), leased_until=None,
        given_up_at=now if hopeless else None, outcome=reason[:500],
    )  # fmt: skip


def pull_in(now: datetime, longest: timedelta) -> int:
    """What is due later than anything can be was put off before the clock was set back; it is due now."""
    return Delivery.objects.filter(due_at__gt=now + longest, sent_at=None, given_up_at=None).update(due_at=now)


def shift(by: timedelta, but: Collection[int] = ()) -> None:
    """The wall clock was set: what waits still waits as long as it would have, and leases last as long. Deliveries in
    ``but`` are in the hands of who asks."""
    waiting = Delivery.objects.filter(sent_at=None, given_up_at=None).exclude(pk__in=but)
    waiting.update(due_at=F("due_at") + by, leased_until=F("leased_until") + by)
