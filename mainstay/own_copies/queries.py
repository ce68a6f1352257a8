"""Reading: which copies of Mainstay itself there are, and whether all is well with them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db.models import QuerySet

from mainstay.catalogue.secret_book import SecretBook
from mainstay.domain.own_copy import Story
from mainstay.domain.placeholder import Unfilled
from mainstay.drivers import own_archive, sealed_file
from mainstay.drivers.own_archive import SUFFIX
from mainstay.own_copies.models import OwnCopy
from mainstay.settings import CONFIGURATION

AGAIN = 3600.0
"""Seconds after which a copy that failed is tried again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A copy as it lies in the directory."""

    path: Path
    size: int
    made_at: datetime
    facts: dict[str, str]


def directory() -> Path | None:
    """Where copies by schedule go; None when there is no schedule."""
    return Path(CONFIGURATION.own_copies.directory) if CONFIGURATION.own_copies.directory else None


def passphrase() -> str:
    """What seals copies that nobody sits by. Raises Unfilled when it was not given."""
    return SecretBook().value(CONFIGURATION.own_copies.passphrase)


def has_passphrase() -> bool:
    """Whether it was given."""
    try:
        return bool(passphrase())
    except Unfilled:
        return False


def kept() -> list[Kept]:
    """The copies in the schedule's directory, the newest first; what is no copy is passed over."""
    where = directory()
    if where is None or not where.is_dir():
        return []
    found = []
    for path in sorted(where.glob(f"*{SUFFIX}"), reverse=True):
        try:
            facts = own_archive.facts_of(sealed_file.header(path))
            found.append(Kept(path, path.stat().st_size, datetime.fromisoformat(facts["made_at"]), facts))
        except (ValueError, OSError):
            continue
    return sorted(found, key=lambda one: one.made_at, reverse=True)


def tries() -> QuerySet[OwnCopy]:
    """What was asked for, the newest first."""
    return OwnCopy.objects.all()


def under_way() -> OwnCopy | None:
    """The one that waits or runs."""
    return OwnCopy.objects.filter(state__in=("waiting", "running")).first()


def next_at(now: datetime) -> datetime | None:
    """When the schedule makes the next one: an interval after the last, sooner after one that failed; None without."""
    if directory() is None:
        return None
    last = OwnCopy.objects.exclude(tick=None).order_by("-tick").first()
    if last is None or last.tick is None:
        return now
    every = CONFIGURATION.own_copies.seconds
    return last.tick + timedelta(seconds=min(every, AGAIN) if last.state == "failed" else every)


def story(now: datetime) -> Story:
    """What is known of the schedule's copies."""
    ended = OwnCopy.objects.exclude(worker="").filter(state__in=("done", "failed")).order_by("-ended_at")
    last, good = ended.first(), ended.filter(state="done").first()
    first = OwnCopy.objects.order_by("asked_at").values_list("asked_at", flat=True).first() or now
    problem = last.problem or "no reason given" if last is not None and last.state == "failed" else ""
    newest = good.ended_at.timestamp() if good is not None and good.ended_at else None
    return Story(newest, first.timestamp(), problem)


def overview(now: datetime) -> dict[str, Any]:
    """What pages, command line and API tell of the copies."""
    found, where = kept(), directory()
    return {
        "directory": str(where or ""), "every": CONFIGURATION.own_copies.seconds, "keep": CONFIGURATION.own_copies.keep,
        "passphrase": has_passphrase(), "next_at": next_at(now), "copies": found, "under_way": under_way(),
        "last": OwnCopy.objects.exclude(worker="").filter(state__in=("done", "failed")).order_by("-ended_at").first(),
    }  # fmt: skip
