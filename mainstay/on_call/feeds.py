"""Shifts as a calendar (RFC 5545) that other programs fetch: by an address that nobody can guess, without signing in.

Google fetches anew every 8 to 24 hours only, whatever is asked: a calendar is never the only way to hear of a shift.
"""

import hmac
from datetime import UTC, datetime, timedelta

from django.core.signing import Signer
from icalendar import Calendar, Event

from mainstay.catalogue import queries as catalogue
from mainstay.on_call.models import Feed
from mainstay.on_call.queries import Held, held_by, rotas
from mainstay.people.models import Person
from mainstay.settings import BASE_URL

BEHIND, AHEAD = timedelta(days=2), timedelta(days=90)
MOST = 5000
_SIGNER = Signer(salt="mainstay.on_call.feed")


def path(feed: Feed) -> str:
    """Its address on this server. Whoever has it reads the shifts."""
    return f"/on-call/feeds/{feed.kind}/{feed.name}/{_sign(feed)}.ics"


def address(feed: Feed) -> str:
    """The whole of it."""
    return f"{BASE_URL}{path(feed)}"


def _sign(feed: Feed) -> str:
    return _SIGNER.signature(f"{feed.kind}:{feed.name}:{feed.salt}")


def feed_of(kind: str, name: str) -> Feed | None:
    """The one that was made; None before."""
    return Feed.objects.filter(kind=kind, name=name).first()


def opened(kind: str, name: str, sign: str) -> Feed | None:
    """The feed whose address this is."""
    found = feed_of(kind, name)
    if found is None or not hmac.compare_digest(_sign(found).encode(), sign.encode()):
        return None
    if kind == "person" and not Person.objects.filter(username=name, is_active=True).exists():
        return None
    return found


def calendar(feed: Feed, now: datetime) -> bytes:
    """From two days ago to ninety ahead."""
    made = Calendar()
    made.add("prodid", "-//Mainstay//on call//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", f"Mainstay: {feed.name}")
    made.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    for one in _shifts(feed, now)[:MOST]:
        made.add_component(_event(one, feed, now))
    return bytes(made.to_ical())


def _shifts(feed: Feed, now: datetime) -> list[Held]:
    start, end = now - BEHIND, now + AHEAD
    found = rotas(start - timedelta(days=35))
    if feed.kind == "person":
        return held_by(feed.name, start, end, found.values())
    held = [Held(one, shift) for one in found.values() if one.team == feed.name for shift in one.shifts(start, end)]
    return sorted((one for one in held if one.shift.on.person), key=lambda one: one.shift.start)


def _event(one: Held, feed: Feed, now: datetime) -> Event:
    made, shift = Event(), one.shift
    title = one.rota.title.get("en") or one.rota.name
    made.add("uid", f"{one.rota.name}-{shift.start.timestamp():.0f}-{shift.on.person}@mainstay")
    made.add("dtstamp", now.replace(microsecond=0))
    made.add("dtstart", shift.start.astimezone(UTC))
    made.add("dtend", shift.end.astimezone(UTC))
    made.add("summary", title if feed.kind == "person" else f"{shift.on.person}: {title}")
    made.add("url", f"{BASE_URL}/on-call/")
    made.add("transp", "TRANSPARENT")
    return made


def team_names() -> list[str]:
    """Teams that may have a feed."""
    return list(catalogue.arrangements("team").values_list("name", flat=True))
