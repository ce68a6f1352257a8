"""Links that let somebody set a password: each is good once and for a week. Only a digest of its text is kept."""

import secrets
from datetime import UTC, datetime, timedelta

from mainstay.domain.actor import Actor
from mainstay.people.actions.tokens import LETTERS, digest
from mainstay.people.models import Link, Person

DAYS = 7


def make_link(person: Person, purpose: str, actor: Actor) -> str:
    """The text of a new link; those of before are spent. Part of another act's transaction."""
    spend_links(person)
    number = "".join(secrets.choice(LETTERS) for _ in range(8))
    text = f"{number}_{''.join(secrets.choice(LETTERS) for _ in range(32))}"
    now = datetime.now(UTC)
    Link.objects.create(
        id=number, person=person, purpose=purpose, digest=digest(text), created_at=now, created_by=actor.name,
        expires_at=now + timedelta(days=DAYS),
    )  # fmt: skip
    return text


def spend_links(person: Person) -> None:
    """None of a person's links is good any more."""
    Link.objects.filter(person=person, used_at=None).update(used_at=datetime.now(UTC))
