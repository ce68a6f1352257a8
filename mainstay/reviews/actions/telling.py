"""Owners and approvers hear of actions: outbox rows, written in the transaction of what they tell, once each."""

from collections.abc import Iterable
from datetime import datetime

from mainstay.catalogue.queries import mail_channel
from mainstay.domain.actor import Role
from mainstay.notices.actions import Summons, summon
from mainstay.notices.models import Notice
from mainstay.notices.queries import ways_to
from mainstay.people.models import Person
from mainstay.people.queries import actor_of
from mainstay.reviews.models import Action


def tell(action: Action, word: str, now: datetime, about: str = "", to: Iterable[Person] | None = None) -> int:
    """To its owner, or to others; returns how many hear of it now. ``about`` tells one saying of the word from another:
    the day until which it is to be done, or the incident. A notice of the same cannot be inserted twice, and somebody
    whom nothing leads to hears of it when something does."""
    mail = mail_channel()
    people = Person.objects.filter(username=action.owner, is_active=True) if to is None else to
    told = 0
    for person in people:
        key = f"action-{action.pk}-{word}-{about or action.due}-{person.username}"[:200]
        if ways_to(person, mail) and not Notice.objects.filter(key=key).exists():
            summon(Summons("person", person.username, word, key, now, {"action": action.pk}))
            told += 1
    return told


def approvers(action: Action) -> list[Person]:
    """Those who may approve on its system, without its owner."""
    system = action.system
    people = Person.objects.filter(is_active=True).exclude(username=action.owner).prefetch_related("system_roles")
    return [one for one in people if actor_of(one).role_on(system.name if system else None) >= Role.APPROVER]
