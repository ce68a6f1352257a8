"""What every act on a drill does besides: the row locked, a line in its record, and the audit record."""

from datetime import UTC, datetime
from typing import Any

from mainstay.audit.actions import record
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.saying import say
from mainstay.people.models import Person
from mainstay.plans.models import Drill, Entry


class Illegal(ValueError):
    """The plan's or the drill's state does not allow this; the message says what would."""


def locked(number: int, actor: Actor, act: str) -> Drill:
    """The drill, for one who may do this on its system. Raises Drill.DoesNotExist."""
    found = Drill.objects.select_for_update(of=("self",)).select_related("plan__system", "version").get(pk=number)
    authorise(actor, act, system=found.plan.system.name)
    return found


def going_on(number: int, actor: Actor, act: str) -> Drill:
    """The same, of one that goes on. Raises Illegal."""
    found = locked(number, actor, act)
    if found.state != "running":
        raise Illegal(say("drill %(number)s does not go on", number=number))
    return found


def tell(drill: Drill, actor: Actor, act: str, word: str, text: str = "", *, place: int | None = None) -> Entry:
    """A line of the drill's record, and the audit record of the same act."""
    words = text.replace("\0", "").strip()[:5000]
    line = Entry.objects.create(
        drill=drill, at=datetime.now(UTC), actor=actor.name, word=word, place=place, text=words
    )  # fmt: skip
    data: dict[str, Any] = {"word": word, "plan": drill.plan.name}
    data |= {key: value for key, value in (("step", place), ("text", words)) if value}
    record(actor, act, str(drill), data)
    return line


def known(person: str) -> str:
    """The name of somebody who has an account. Raises Illegal."""
    if not Person.objects.filter(username=person).exists():
        raise Illegal(say("there is nobody called %(name)s", name=person))
    return person
