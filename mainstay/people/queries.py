"""Who may sign in, and with what: every read."""

import hmac
from datetime import datetime

from django.db.models import QuerySet

from mainstay.domain.actor import Actor, Role
from mainstay.people.actions import PREFIX, digest
from mainstay.people.models import Person, Token


def people() -> QuerySet[Person]:
    """By name."""
    return Person.objects.order_by("username")


def tokens() -> QuerySet[Token]:
    """Newest first."""
    return Token.objects.order_by("-created_at")


def actor_of(person: Person) -> Actor:
    """A person who signed in, as actions know him."""
    return Actor(f"person:{person.username}", Role(person.role))


def token_of(text: str, now: datetime) -> Token | None:
    """The token that this text is, if it is valid now."""
    prefix, _, rest = text.partition("_")
    if prefix != PREFIX:
        return None
    token = Token.objects.filter(pk=rest.partition("_")[0]).first()
    if token is None or not hmac.compare_digest(token.digest, digest(text)):
        return None
    return token if token.revoked_at is None and now < token.expires_at else None


def actor_of_token(token: Token) -> Actor:
    """A program, as actions know it."""
    return Actor(f"token:{token.pk}", Role(token.role), frozenset(token.scopes) if token.scopes is not None else None)
