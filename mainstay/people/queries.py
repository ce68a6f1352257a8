"""Who may sign in, and with what: every read."""

import hmac
from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.sessions.models import Session
from django.db.models import F, Q, QuerySet, prefetch_related_objects

from mainstay.domain.actor import Actor, Role, Sight
from mainstay.people.actions import PREFIX, digest
from mainstay.people.models import Contact, Link, Passkey, Person, RecoveryCode, Sitting, Token, Totp
from mainstay.settings import CONFIGURATION

_INVITED = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
PERSON_STATES = {
    "active": Q(is_active=True) & ~_INVITED, "invited": Q(is_active=True) & _INVITED, "closed": Q(is_active=False),
}  # fmt: skip
PERSON_SORTS = {"name": ("username",), "used": (F("last_login").desc(nulls_last=True), "username")}
TOKEN_STATES = ("valid", "expired", "revoked")
TOKEN_SORTS = {
    "newest": ("-created_at",), "name": ("name", "-created_at"), "expiry": ("expires_at",),
    "used": (F("used_at").desc(nulls_last=True), "-created_at"),
}  # fmt: skip


def people(text: str = "", role: Role | None = None, state: str = "", sort: str = "name") -> QuerySet[Person]:
    """By name or address, general role, and one of ``PERSON_STATES``."""
    found = Person.objects.prefetch_related("system_roles", "totps", "passkeys").order_by(*PERSON_SORTS[sort])
    if text:
        found = found.filter(Q(username__icontains=text) | Q(email__icontains=text))
    if role is not None:
        found = found.filter(role=role)
    return found.filter(PERSON_STATES[state]) if state else found


def person(username: str) -> Person:
    """Raises Person.DoesNotExist."""
    return people().get(username=username)


def tokens(now: datetime | None = None, text: str = "", state: str = "", sort: str = "newest") -> QuerySet[Token]:
    """By name, number or who made them; ``state`` is one of ``TOKEN_STATES`` and asks for ``now``."""
    found = Token.objects.prefetch_related("system_roles").order_by(*TOKEN_SORTS[sort])
    if text:
        found = found.filter(Q(name__icontains=text) | Q(pk=text) | Q(created_by__icontains=text))
    if state == "revoked":
        found = found.exclude(revoked_at=None)
    elif state and now:
        good = Q(expires_at__gt=now)
        found = found.filter(good if state == "valid" else ~good, revoked_at=None)
    return found


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


def link_of(text: str, now: datetime) -> Link | None:
    """The link that this text is, if it is good now."""
    link = Link.objects.select_related("person").filter(pk=text.partition("_")[0]).first()
    if link is None or not hmac.compare_digest(link.digest, digest(text)):
        return None
    good = link.used_at is None and now < link.expires_at and link.person.is_active
    return link if good else None


def has_second_factor(person: Person) -> bool:
    """Whether a password alone does not let him in. Asks nothing of the database for a row of ``people()``."""
    return any(one.confirmed_at for one in person.totps.all()) or bool(person.passkeys.all())


TWO_FACTORS = ("code", "recovery", "passkey")
"""Ways to sign in, as a session notes them, that need more than a password."""


def must_prove(person: Person, proof: object) -> bool:
    """Whether the settings ask more of this person than how he signed in."""
    least = CONFIGURATION.second_factor
    return bool(least) and proof not in TWO_FACTORS and actor_of(person).highest >= Role[least.upper()]


def has_totp(person: Person) -> bool:
    """Whether an authenticator counts."""
    return Totp.objects.filter(person=person).exclude(confirmed_at=None).exists()


def passkeys(person: Person) -> QuerySet[Passkey]:
    """The oldest first."""
    return Passkey.objects.filter(person=person).order_by("added_at")


def contacts(person: Person) -> QuerySet[Contact]:
    """Where he is called, the oldest first. The addresses are not to be had here."""
    return Contact.objects.filter(person=person, retired_at=None).defer("sealed")


def passkey(handle: str) -> Passkey | None:
    """By what it is found again."""
    return Passkey.objects.select_related("person").filter(handle=handle).first()


def recovery_codes_left(person: Person) -> int:
    """How many are still good."""
    return RecoveryCode.objects.filter(person=person, used_at=None).count()


def sittings(person: Person, now: datetime) -> QuerySet[Sitting]:
    """Sessions that last, the one used last first."""
    live = Session.objects.filter(expire_date__gt=now).values("session_key")
    return Sitting.objects.filter(person=person, session__in=live).order_by("-seen_at")
