"""Who may sign in, and with what: every read."""

import hmac
from datetime import datetime

from django.db.models import Q, QuerySet, prefetch_related_objects

from mainstay.domain.actor import Actor, Role, Sight
from mainstay.people.actions import PREFIX, digest
from mainstay.people.models import Person, Token


def people() -> QuerySet[Person]:
    """By name."""
    return Person.objects.prefetch_related("system_roles").order_by("username")


def tokens() -> QuerySet[Token]:
    """Newest first."""
    return Token.objects.prefetch_related("system_roles").order_by("-created_at")


def actor_of(person: Person) -> Actor:
    """A person who signed in, as actions know him."""
    return Actor(f"person:{person.username}", Role(person.role), systems=roles_of(person))


def roles_of(one: Person | Token) -> dict[str, Role]:
    """System name → the role there that stands in place of the general one."""
    prefetch_related_objects([one], "system_roles")  # once for each object, however often it is asked
    return {row.system: Role(row.role) for row in one.system_roles.all()}


def seen(sight: Sight, path: str) -> Q:
    """The rows that may be seen, ``path`` leading to the name of their system."""
    if not sight.rest:
        return Q(**{f"{path}__in": sorted(sight.named)})
    return ~Q(**{f"{path}__in": sorted(sight.named)}) if sight.named else Q()


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
    scopes = frozenset(token.scopes) if token.scopes is not None else None
    return Actor(f"token:{token.pk}", Role(token.role), scopes, roles_of(token))
