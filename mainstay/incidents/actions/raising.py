"""Somebody calls a fault what a check sees: the incident that the line would open, opened at a person's word."""

from datetime import UTC, datetime

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue.models import Check
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.grouping import Turn
from mainstay.domain.state import State
from mainstay.incidents.actions.desk import Room
from mainstay.incidents.actions.ledger import Ledger
from mainstay.incidents.models import Entry, Incident, Member
from mainstay.incidents.queries import running_of
from mainstay.monitoring.models import Standing


def open_for_check(check: Check, state: str, text: str, *, actor: Actor) -> tuple[Incident, bool]:
    """The incident of a check that was seen to fail (``state``), and whether it is new; the one that runs is taken
    where there is one. If the check is well by now, the incident stays until a person resolves it."""
    authorise(actor, "incident.open", system=check.system.name)
    with transaction.atomic():
        now = datetime.now(UTC)
        room = Room.around([check.pk], now)
        if (known := running_of([check.pk]).get(check.pk)) is not None:
            return known, False
        turn = Turn(room.watched[check.pk], State(state), now)
        ledger = Ledger(room)
        for decision in room.desk.blind(turn) if turn.state is State.UNKNOWN else room.desk.take(turn):
            ledger.enter(decision)
        ledger.write()
        incident = running_of([check.pk])[check.pk]
        _hold(incident, check)
        Entry.objects.create(incident=incident, at=now, word="note", actor=actor.name, text=text.strip())
        record(actor, "incident.open", f"incident {incident.pk}", {"check": str(check), "text": text.strip()})
    return incident, True


def _hold(incident: Incident, check: Check) -> None:
    if Standing.objects.filter(pk=check.pk, state=State.OK).exists():
        member = Member.objects.filter(incident=incident, check_of=check)
        member.update(state=State.OK.value, recovered_at=None)
