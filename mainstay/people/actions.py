"""Who may sign in, and with what: every write."""

import hashlib
import secrets
import string
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from mainstay.audit.actions import record
from mainstay.domain.actor import PERMISSIONS, Actor, Role, authorise
from mainstay.people.models import Person, SystemRole, Token

PREFIX = "mst"
_LETTERS = string.ascii_letters + string.digits
LONGEST_DAYS = 365


class Refused(ValueError):
    """It cannot be done so; the message says what would be right."""


def add_person(
    *,
    username: str,
    password: str,
    role: Role,
    systems: Mapping[str, Role] | None = None,
    email: str = "",
    actor: Actor,
) -> Person:
    """Somebody new. Raises Refused for a name that is taken or a password that is too weak."""
    authorise(actor, "person.add")
    person = Person(username=username, email=email, role=int(role))
    _fit_password(person, password)
    with transaction.atomic():
        if Person.objects.filter(username__iexact=username).exists():
            raise Refused(f"there is a person called {username} already")
        try:
            person.full_clean(exclude=["password"])
        except ValidationError as error:
            raise Refused(" ".join(error.messages)) from None
        person.save()
        _set_roles(person, systems or {})
        record(actor, "person.add", f"person {username}", {"role": role.name.lower(), "systems": _told(systems or {})})
    return person


def change_person(
    username: str,
    *,
    role: Role | None = None,
    systems: Mapping[str, Role | None] | None = None,
    active: bool | None = None,
    password: str | None = None,
    actor: Actor,
) -> Person:
    """Another role, another password, or no more access. ``systems`` sets the role on some systems; None there: the
    general one again. Raises Person.DoesNotExist, Refused."""
    authorise(actor, "person.change")
    with transaction.atomic():
        person = Person.objects.select_for_update().get(username=username)
        changed: dict[str, object] = {}
        if role is not None:
            person.role, changed["role"] = int(role), role.name.lower()
        if systems:
            _set_roles(person, systems)
            changed["systems"] = _told(systems)
        if active is not None:
            person.is_active = changed["active"] = active
        if password is not None:
            _fit_password(person, password)
            changed["password"] = "changed"  # noqa: S105 - the word, not a password
        person.save()
        _keep_an_administrator()
        record(actor, "person.change", f"person {username}", changed)
    return person


def _set_roles(one: Person | Token, systems: Mapping[str, Role | None]) -> None:
    owner = {"person": one} if isinstance(one, Person) else {"token": one}
    for system, role in systems.items():
        if role is None:
            SystemRole.objects.filter(**owner, system=system).delete()
        else:
            SystemRole.objects.update_or_create(**owner, system=system, defaults={"role": int(role)})


def _told(systems: Mapping[str, Role | None]) -> dict[str, str]:
    """Roles on systems, as the audit trail has them."""
    return {name: "general" if role is None else role.name.lower() for name, role in systems.items()}


def change_own_password(person: Person, password: str) -> None:
    """A person's own doing; the old password was asked for by the face. Raises Refused."""
    with transaction.atomic():
        _fit_password(person, password)
        person.save()
        record(Actor(f"person:{person.username}", Role(person.role)), "person.change", f"person {person.username}", {})


def ensure_first_administrator() -> str | None:
    """Where nobody can sign in yet: make ``admin`` and return the password, which is shown once; else None."""
    if Person.objects.exists():
        return None
    password = "".join(secrets.choice(_LETTERS) for _ in range(16))
    add_person(username="admin", password=password, role=Role.ADMINISTRATOR, actor=Actor("set-up", Role.ADMINISTRATOR))
    return password


def _fit_password(person: Person, password: str) -> None:
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from None
    person.set_password(password)


def _keep_an_administrator() -> None:
    if not Person.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exists():
        raise Refused("this is the last administrator; make another one first")


def create_token(
    *,
    name: str,
    role: Role,
    systems: Mapping[str, Role] | None = None,
    scopes: Collection[str] | None = None,
    days: int = 90,
    actor: Actor,
) -> tuple[Token, str]:
    """A token and its text, which is shown once and never again. Raises Refused."""
    authorise(actor, "token.create")
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused(f"a token lives from 1 to {LONGEST_DAYS} days")
    if role > actor.role or any(one > actor.role_on(name) for name, one in (systems or {}).items()):
        raise Refused("a token cannot do more than the one who makes it")
    known = set(PERMISSIONS) | {act.split(".")[0] for act in PERMISSIONS}
    if unknown := sorted(set(scopes or ()) - known):
        raise Refused(f"{', '.join(unknown)}: no such scope; known are {', '.join(sorted(known))}")
    number = "".join(secrets.choice(_LETTERS) for _ in range(8))
    text = f"{PREFIX}_{number}_{''.join(secrets.choice(_LETTERS) for _ in range(32))}"
    now = datetime.now(UTC)
    with transaction.atomic():
        token = Token.objects.create(
            id=number, name=name, digest=digest(text), role=int(role), scopes=sorted(scopes) if scopes else None,
            created_at=now, created_by=actor.name, expires_at=now + timedelta(days=days),
        )  # fmt: skip
        _set_roles(token, systems or {})
        data = {"name": name, "role": role.name.lower(), "systems": _told(systems or {}), "days": days}
        record(actor, "token.create", f"token {number}", data)
    return token, text


def digest(text: str) -> str:
    """What is kept of a token: 190 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def revoke_token(number: str, *, actor: Actor) -> Token:
    """No longer valid from now on. Raises Token.DoesNotExist."""
    authorise(actor, "token.revoke")
    with transaction.atomic():
        token = Token.objects.select_for_update().get(pk=number)
        token.revoked_at = token.revoked_at or datetime.now(UTC)
        token.save()
        record(actor, "token.revoke", f"token {number}", {"name": token.name})
    return token


def touch_token(token: Token, now: datetime) -> None:
    """Note the last use, to the minute."""
    if token.used_at is None or now - token.used_at >= timedelta(minutes=1):
        Token.objects.filter(pk=token.pk).update(used_at=now)
