"""Reading notices and what became of them."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet

from mainstay.catalogue.models import Channel
from mainstay.catalogue.naming import says
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.notices.models import LETTER, Delivery, Notice
from mainstay.people.models import Contact, Person
from mainstay.people.queries import contacts, seen

TAKEN_ON = "somebody took it on meanwhile"
"""The outcome of a call that nobody needs any more."""

SORTS = {"newest": "-pk", "oldest": "pk"}


def notices(incident_id: int | None = None, sight: Sight = EVERYTHING) -> QuerySet[Notice]:
    """Newest first, with their deliveries."""
    found = (
        Notice.objects.filter(_about(sight, ""))
        .select_related("incident")
        .prefetch_related("deliveries__channel", "deliveries__contact")
    )
    found = found.order_by("-at", "-pk")
    return found.filter(incident_id=incident_id) if incident_id is not None else found


def _about(sight: Sight, path: str) -> Q:
    """What may be seen; a digest tells of incidents of every system, and a letter or a word on an action does not say
    of which it is, so only who may see all of them sees those."""
    found = seen(sight, f"{path}incident__system__name")
    hidden = Q(**{f"{path}word": "digest"})
    for first in ("ticket-", "action-"):
        hidden |= Q(**{f"{path}word__startswith": first})
    return found & ~hidden if sight.named else found


def deliveries(
    *, incident_id: int | None = None, channel: str = "", outcome: str = "", text: str = "", sort: str = "newest",
    sight: Sight = EVERYTHING,
) -> QuerySet[Delivery]:  # fmt: skip
    """``outcome`` is waiting, sent or failed; ``text`` an incident's number, or words of its title, of the channel or
    of what the receiver answered."""
    found = Delivery.objects.filter(_about(sight, "notice__")).select_related(
        "notice__incident__system", "channel", "contact__person"
    )
    found = found.order_by(SORTS[sort])
    number = text.removeprefix("#")
    if number.isdecimal() and len(number) < 10:
        found = found.filter(notice__incident_id=int(number))
    elif text:
        found = found.filter(says(text, ("channel__name", "recipient", "outcome"), ("notice__incident__title",)))
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


def undelivered(now: datetime, sight: Sight = EVERYTHING) -> QuerySet[Delivery]:
    """What failed at least once and is still not there, or was given up within two days: a person should look. Not
    letters, whose addresses strangers choose; their tickets show what became of them."""
    waits = Q(given_up_at=None, due_at__gte=now)
    return (
        Delivery.objects.select_related("notice", "channel", "contact__person")
        .filter(_about(sight, "notice__"), waits | Q(given_up_at__gte=now - timedelta(days=2)))
        .filter(sent_at=None, attempts__gte=1)
        .exclude(recipient__startswith=LETTER)
        .exclude(outcome__startswith="merged into")
        .exclude(outcome=TAKEN_ON)
    )


def unheard(before: datetime) -> datetime | None:
    """When the oldest notice was due that nobody has received on any channel, if that was before a time."""
    mine = Delivery.objects.exclude(recipient__startswith=LETTER)
    silent = mine.filter(sent_at=None, given_up_at=None, notice__at__lt=before).exclude(
        Exists(Delivery.objects.filter(notice=OuterRef("notice"), sent_at__isnull=False))
    )
    oldest: datetime | None = silent.aggregate(oldest=Min("notice__at"))["oldest"]
    return oldest


class Way(NamedTuple):
    """How one person is reached: by a channel's mail server, at a contact or at his own address; or at a chat."""

    channel: Channel | None
    contact: Contact | None = None

    def __str__(self) -> str:
        return f"{self.channel.name if self.channel else ''}/{self.contact.pk if self.contact else ''}"


def ways_to(person: Person, mail: Channel | None) -> list[Way]:
    """All of them: his contacts, or where he has none his own mail address."""
    chosen = list(contacts(person))
    if chosen:
        ways = [Way(None if one.kind == "chat" else mail, one) for one in chosen]
        return [way for way in ways if way.channel or (way.contact and way.contact.kind == "chat")]
    return [Way(mail)] if mail and person.email else []


def newest_by_channel() -> dict[int, Delivery]:
    """Channel's id → what was last tried to be told by it."""
    mine = Delivery.objects.filter(recipient="").order_by()
    newest = mine.values("channel").annotate(newest=Max("pk")).values("newest")
    return {row.lane: row for row in Delivery.objects.filter(pk__in=newest).select_related("notice")}
