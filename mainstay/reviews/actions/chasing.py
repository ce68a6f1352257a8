"""Actions that are due are chased, and those that did not help, or were no longer to be accepted, are opened again.

All of it is found in the rows each time, so that a kill anywhere loses nothing and says nothing twice.
"""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from mainstay.audit.actions import record
from mainstay.domain.actor import ENGINE
from mainstay.domain.review import AGAIN, SOON, ActionState, Chase, Ending, chased
from mainstay.incidents.models import Entry, Member
from mainstay.incidents.queries import countable
from mainstay.reviews.actions.acting import turn
from mainstay.reviews.actions.telling import approvers, tell
from mainstay.reviews.days import day_of
from mainstay.reviews.models import Action
from mainstay.reviews.queries import ORIGIN


def chase(now: datetime) -> int:
    """Say of what is due soon, overdue, or overdue for long that it is; returns how many were told."""
    today = day_of(now)
    waiting = Action.objects.exclude(state=ActionState.DONE.value).filter(due__lte=today + SOON)
    told = 0
    for action in waiting.select_related(*ORIGIN):
        with transaction.atomic():
            for word in chased(action.due, today):
                told += tell(action, word, now, to=approvers(action) if word is Chase.HIGHER else None)
    return told


def open_again(now: datetime) -> int:
    """What was done against a fault did not help when the same fault comes again: the same key, or the same check as
    its root. What came of a drill is about how a fault is met, not whether it comes. Returns how many."""
    mine = OuterRef("review__incident")
    root = Member.objects.filter(incident=mine, role="root").values("check_of")[:1]
    same = Q(key=OuterRef("review__incident__key"))
    same |= Q(Exists(Member.objects.filter(incident=OuterRef("pk"), role="root", check_of=OuterRef(OuterRef("root")))))
    later = countable().filter(same, since__gt=OuterRef("done_at"))
    done = Action.objects.filter(state=ActionState.DONE.value, drill=None).annotate(root=root)
    found = done.annotate(came=later.order_by("since", "pk").values("pk")[:1]).exclude(came=None)
    pairs = list(found.order_by("pk").values_list("pk", "came"))
    for number, incident in pairs:
        with transaction.atomic():
            if (action := _reopened(number, now, again_id=incident)) is None:
                continue
            data = {"incident": incident}
            turn(action, "reopened", ENGINE, now, **data)
            Entry.objects.create(
                incident_id=incident, at=now, word="action-again", actor=ENGINE.name, text=action.title,
                data={"review": action.review_id, "action": number},
            )  # fmt: skip
            record(ENGINE, "review.again", f"action {number}", data)
            tell(action, "action-again", now, f"incident-{incident}")
    return len(pairs)


def lapse(now: datetime) -> int:
    """The time for which a risk was accepted is over: somebody decides anew. Returns how many."""
    today = day_of(now)
    over = Action.objects.filter(state=ActionState.DONE.value, ending=Ending.RISK.value, until__lt=today)
    numbers = list(over.order_by("pk").values_list("pk", flat=True))
    for number in numbers:
        with transaction.atomic():
            if (action := _reopened(number, now)) is None:
                continue
            until = str(action.until)
            turn(action, "reopened", ENGINE, now, until=until)
            record(ENGINE, "review.again", f"action {number}", {"until": until})
            tell(action, "action-lapsed", now, until)
    return len(numbers)


def _reopened(number: int, now: datetime, **more: Any) -> Action | None:
    """The action, open again; None when somebody else has done that. It is due anew: what it was due by is past."""
    due: date = day_of(now) + AGAIN
    changed = Action.objects.filter(pk=number, state=ActionState.DONE.value).update(
        state=ActionState.REOPENED.value, due=due, **more
    )
    return Action.objects.select_related(*ORIGIN).get(pk=number) if changed else None
