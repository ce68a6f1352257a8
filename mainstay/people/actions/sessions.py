"""Sessions: opened by signing in, seen while they are used, ended by their person or an administrator."""

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet

from mainstay.audit.actions import record
from mainstay.domain.actor import Actor, authorise
from mainstay.people.models import Person, Sitting


def open_sitting(person: Person, key: str, *, agent: str, address: str, proof: str, now: datetime) -> Sitting:
    """Somebody signed in; ``proof`` says how: password, code, recovery or passkey."""
    with transaction.atomic():
        live = Session.objects.filter(expire_date__gt=now).values("session_key")
        Sitting.objects.filter(person=person).exclude(session__in=live).delete()
        sitting = Sitting.objects.create(
            person=person, session=key, agent=agent[:300], address=address[:64], opened_at=now, seen_at=now
        )
        actor = Actor(f"person:{person.username}", person.general_role)
        record(actor, "account.sign-in", f"person {person.username}", {"by": proof, "address": address[:64]})
    return sitting


def touch_sitting(key: str, now: datetime) -> None:
    """It is in use."""
    Sitting.objects.filter(session=key).update(seen_at=now)


def move_sitting(before: str, after: str) -> None:
    """The session goes on under another key."""
    Sitting.objects.filter(session=before).update(session=after)


def end_own(person: Person, sitting_id: int) -> None:
    """A person ends one of his sessions. Raises Sitting.DoesNotExist for one that is not his."""
    with transaction.atomic():
        found = Sitting.objects.filter(person=person, pk=sitting_id)
        found.get()
        _end(found)
        _record(person, 1)


def end_others(person: Person, key: str) -> int:
    """A person ends all his sessions but this one."""
    with transaction.atomic():
        count = _end(Sitting.objects.filter(person=person).exclude(session=key))
        _record(person, count)
    return count


def end_sessions(username: str, *, actor: Actor) -> int:
    """Sign somebody out everywhere; how many sessions there were. Raises Person.DoesNotExist."""
    authorise(actor, "session.end")
    with transaction.atomic():
        person = Person.objects.get(username=username)
        count = end_all(person)
        record(actor, "session.end", f"person {username}", {"sessions": count})
    return count


def end_all(person: Person) -> int:
    """Part of another act's transaction."""
    return _end(Sitting.objects.filter(person=person))


def _end(found: QuerySet[Sitting]) -> int:
    keys = list(found.values_list("session", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    found.delete()
    return len(keys)


def _record(person: Person, count: int) -> None:
    actor = Actor(f"person:{person.username}", person.general_role)
    record(actor, "account.session", f"person {person.username}", {"ended": count})
