"""Who there is, in which role, with which password."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from mainstay.audit.actions import record
from mainstay.domain.actor import Actor, Role, authorise
from mainstay.domain.saying import say
from mainstay.people.actions.links import make_link, spend_links
from mainstay.people.actions.refusal import Refused
from mainstay.people.actions.roles import set_roles, told
from mainstay.people.actions.sessions import end_all
from mainstay.people.actions.tokens import LETTERS
from mainstay.people.models import Link, Person


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
        _add(person, systems or {}, actor)
    return person


def invite(
    *, username: str, email: str = "", role: Role, systems: Mapping[str, Role] | None = None, actor: Actor
) -> tuple[Person, str]:
    """Somebody new who sets the password himself; the text of the link is told this once. Raises Refused."""
    authorise(actor, "person.add")
    person = Person(username=username, email=email, role=int(role))
    person.set_unusable_password()
    with transaction.atomic():
        _add(person, systems or {}, actor)
        text = make_link(person, "invitation", actor)
    return person, text


def _add(person: Person, systems: Mapping[str, Role], actor: Actor) -> None:
    if Person.objects.filter(username__iexact=person.username).exists():
        raise Refused(say("there is a person called %(name)s already", name=person.username))
    try:
        person.full_clean(exclude=["password"])
    except ValidationError as error:
        raise Refused(say("this cannot be: %(why)s", why=" ".join(error.messages))) from None
    person.save()
    set_roles(person, systems)
    data = {"role": Role(person.role).name.lower(), "systems": told(systems)}
    record(actor, "person.add", f"person {person.username}", data)


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
        administers = _administers(person)
        if role is not None:
            person.role, changed["role"] = int(role), role.name.lower()
        if systems:
            set_roles(person, systems)
            changed["systems"] = told(systems)
        if active is not None:
            person.is_active = changed["active"] = active
            if not active:
                end_all(person)
        if password is not None:
            _fit_password(person, password)
            changed["password"] = "changed"  # noqa: S105 - the word, not a password
            spend_links(person)
        person.save()
        if administers and not _administers(person):
            _keep_an_administrator()
        record(actor, "person.change", f"person {username}", changed)
    return person


def password_link(username: str, *, actor: Actor) -> tuple[Person, str]:
    """A link with which a person sets a new password; the old one holds until then. The text is told this once.
    Raises Person.DoesNotExist, Refused."""
    authorise(actor, "person.change")
    with transaction.atomic():
        person = Person.objects.select_for_update().get(username=username)
        if not person.is_active:
            raise Refused(say("%(name)s may not sign in; make the account active first", name=username))
        text = make_link(person, "password", actor)
        record(actor, "person.change", f"person {username}", {"link": "password"})
    return person, text


def accept(link_id: str, password: str, now: datetime) -> Person:
    """Set the password that a link is for; the link is spent with it, and every session of before ends. The second
    factor stays as it is. Raises Link.DoesNotExist when it is no longer good, Refused."""
    with transaction.atomic():
        link = (
            Link.objects.select_for_update()
            .select_related("person")
            .get(pk=link_id, used_at=None, expires_at__gt=now, person__is_active=True)
        )
        person = link.person
        _fit_password(person, password)
        person.save()
        spend_links(person)
        end_all(person)
        record(own_actor(person), "account.password", f"person {person.username}", {"by": link.purpose})
    return person


def change_own_password(person: Person, password: str) -> None:
    """A person's own doing; the old password was asked for by the face. Raises Refused."""
    with transaction.atomic():
        _fit_password(person, password)
        person.save()
        spend_links(person)
        record(own_actor(person), "account.password", f"person {person.username}")


def set_own_ways(person: Person, *, language: str, timezone: str) -> None:
    """The language and the time zone in which a person reads. Raises Refused."""
    if language not in ("", *dict(settings.LANGUAGES)):
        raise Refused(say("%(code)s is no language of Mainstay", code=language))
    if timezone and timezone not in available_timezones():
        raise Refused(say("%(name)s is no time zone; write one such as Asia/Shanghai", name=timezone))
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(language=language, timezone=timezone)
        data = {"language": language, "timezone": timezone}
        record(own_actor(person), "account.ways", f"person {person.username}", data)


def own_actor(person: Person) -> Actor:
    """A person in what is his own affair, whatever his role."""
    return Actor(f"person:{person.username}", Role(person.role))


def ensure_first_administrator() -> str | None:
    """Where nobody can sign in yet: make ``admin`` and return the password, which is shown once; else None."""
    if Person.objects.exists():
        return None
    password = "".join(secrets.choice(LETTERS) for _ in range(16))
    add_person(username="admin", password=password, role=Role.ADMINISTRATOR, actor=Actor("set-up", Role.ADMINISTRATOR))
    return password


def _fit_password(person: Person, password: str) -> None:
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Refused(say("not this password: %(why)s", why=" ".join(error.messages))) from None
    person.set_password(password)


def _administers(person: Person) -> bool:
    return person.is_active and person.role == Role.ADMINISTRATOR


def _keep_an_administrator() -> None:
    found = Person.objects.filter(role=Role.ADMINISTRATOR, is_active=True)
    if not any(person.has_usable_password() for person in found):  # one who is invited only cannot help yet
        raise Refused(say("this is the last administrator; make another one first"))
