"""Swaps: one who is on call asks another to take a part of it, and gets a part of the other's for it if he offers that.

What is agreed becomes an override each; nothing changes before.
"""

from datetime import UTC, datetime

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.domain.actor import Actor, Role, authorise
from mainstay.domain.saying import say
from mainstay.on_call import queries
from mainstay.on_call.actions.standing_in import Refused, put, require_active, require_span
from mainstay.on_call.models import Swap

Span = tuple[datetime, datetime]


def ask_swap(
    rotation: str, person: str, start: datetime, end: datetime, *, taker: str = "", back: Span | None = None,
    reason: str = "", actor: Actor,
) -> Swap:  # fmt: skip
    """``person`` asks for himself; who may approve asks for anybody. Raises Refused, Arrangement.DoesNotExist."""
    authorise(actor, "oncall.swap")
    _require_self(actor, person)
    require_span(start, end)
    _require_on(rotation, person, start, end)
    if taker:
        require_active(taker)
    if taker == person:
        raise Refused(say("one cannot swap with oneself"))
    if back is not None:
        if not taker:
            raise Refused(say("say whose shift is taken in return"))
        require_span(*back)
        _require_on(rotation, taker, *back)
    with transaction.atomic():
        made = Swap.objects.create(
            rotation=rotation, person=person, taker=taker, start=start, end=end, reason=reason.strip()[:300],
            back_start=back[0] if back else None, back_end=back[1] if back else None, asked_at=datetime.now(UTC),
        )  # fmt: skip
        record(actor, "oncall.swap", f"swap {made.pk}", {"asked": _told(made)})
    return made


def take_swap(number: int, *, taker: str, actor: Actor) -> Swap:
    """``taker`` takes it, who is one of the rotation or was asked. Raises Swap.DoesNotExist, Refused."""
    authorise(actor, "oncall.swap")
    _require_self(actor, taker)
    require_active(taker)
    with transaction.atomic():
        found = _waiting(number)
        if found.taker not in ("", taker):
            raise Refused(say("%(name)s was asked", name=found.taker))
        if taker == found.person:
            raise Refused(say("one cannot swap with oneself"))
        require_span(found.start, found.end)
        _require_on(found.rotation, found.person, found.start, found.end)
        put(found.rotation, taker, found.start, found.end, reason=found.reason, actor=actor)
        if found.back_start and found.back_end:
            _require_on(found.rotation, taker, found.back_start, found.back_end)
            put(found.rotation, found.person, found.back_start, found.back_end, reason=found.reason, actor=actor)
        found.taker = taker
        _answer(found, "taken", actor)
    return found


def refuse_swap(number: int, *, actor: Actor) -> Swap:
    """He who was asked does not. Raises Swap.DoesNotExist, Refused."""
    authorise(actor, "oncall.swap")
    with transaction.atomic():
        found = _waiting(number)
        if not found.taker:
            raise Refused(say("anybody may take it; who does not want to leaves it"))
        _require_self(actor, found.taker)
        _answer(found, "refused", actor)
    return found


def withdraw_swap(number: int, *, actor: Actor) -> Swap:
    """Who asked asks no more. Raises Swap.DoesNotExist, Refused."""
    authorise(actor, "oncall.swap")
    with transaction.atomic():
        found = _waiting(number)
        _require_self(actor, found.person)
        _answer(found, "withdrawn", actor)
    return found


def _waiting(number: int) -> Swap:
    found = Swap.objects.select_for_update().get(pk=number)
    if found.state != "asked":
        raise Refused(say("this swap was answered already"))
    return found


def _answer(found: Swap, state: str, actor: Actor) -> None:
    found.state, found.answered_at, found.answered_by = state, datetime.now(UTC), actor.name
    found.save()
    record(actor, "oncall.swap", f"swap {found.pk}", {state: _told(found)})


def _require_self(actor: Actor, person: str) -> None:
    """Only an approver speaks for another."""
    if actor.name != f"person:{person}" and actor.role < Role.APPROVER:
        raise Refused(say("only %(name)s, or an approver, may say this", name=person))


def _require_on(rotation: str, person: str, start: datetime, end: datetime) -> None:
    wrong = next((one for one in queries.rota(rotation).shifts(start, end) if one.on.person != person), None)
    if wrong is not None:
        at = wrong.start.isoformat(timespec="minutes")
        raise Refused(say("%(name)s is not on call in all of that time: not at %(at)s", name=person, at=at))


def _told(row: Swap) -> dict[str, str]:
    back = f"{row.back_start.isoformat()}/{row.back_end.isoformat()}" if row.back_start and row.back_end else ""
    span = f"{row.start.isoformat()}/{row.end.isoformat()}"
    return {"rotation": row.rotation, "person": row.person, "taker": row.taker, "span": span, "back": back}
