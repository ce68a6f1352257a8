"""Reviews are opened: by themselves after a severe incident, by hand after any; and renewed when one ends once more."""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F

from mainstay.audit.actions import record
from mainstay.domain.actor import ENGINE, Actor, authorise
from mainstay.domain.review import REVIEWED, State
from mainstay.domain.saying import say
from mainstay.incidents.models import Entry, Incident
from mainstay.incidents.queries import countable
from mainstay.reviews.actions.refusal import Illegal
from mainstay.reviews.facts import facts
from mainstay.reviews.models import Review

LATELY = timedelta(days=30)
"""What ended longer ago, before there were reviews or while no engine ran, is opened by hand alone."""
AT_ONCE = 50


def open_due(now: datetime) -> int:
    """One for every incident of level 1 or 2 that is over; returns how many. It is found in the rows each time, so that
    a kill anywhere loses none, and a second one of the same cannot be inserted."""
    over = countable().filter(state="resolved", level__lte=REVIEWED, review=None, resolved_at__gte=now - LATELY)
    numbers = list(over.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    for number in numbers:
        with transaction.atomic():
            incident = Incident.objects.select_for_update().get(pk=number)
            if incident.state == "resolved" and not Review.objects.filter(incident=incident).exists():
                _opened(incident, ENGINE, now)
    return len(numbers)


def open_by_hand(number: int, *, actor: Actor) -> Review:
    """Of any incident that is over. Raises Incident.DoesNotExist, Illegal."""
    with transaction.atomic():
        incident = Incident.objects.select_for_update().get(pk=number)
        authorise(actor, "review.open", system=incident.system.name if incident.system else None)
        if incident.state != "resolved":
            raise Illegal(say("incident %(number)s is not over; it is reviewed when it is", number=number))
        if known := Review.objects.filter(incident=incident).first():
            raise Illegal(say("incident %(number)s has review %(review)s already", number=number, review=known.pk))
        return _opened(incident, actor, datetime.now(UTC))


def renew(now: datetime) -> int:
    """After an incident was opened again and ended once more its facts are others, and what was closed over them is
    open. Returns how many."""
    ended = Review.objects.filter(incident__state="resolved").exclude(incident__resolved_at=F("ended_at"))
    numbers = list(ended.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    for number in numbers:
        with transaction.atomic():
            review = Review.objects.select_for_update(of=("self",)).select_related("incident__system").get(pk=number)
            was = review.state
            review.facts, review.ended_at = facts(review.incident).plain(), review.incident.resolved_at or now
            review.changed_at = now
            if was == State.CLOSED:
                review.state, review.closed_at, review.closed_by = State.OPEN.value, None, ""
            review.save()
            record(ENGINE, "review.renew", f"review {number}", {"was": was})
    return len(numbers)


def _opened(incident: Incident, actor: Actor, now: datetime) -> Review:
    assert incident.resolved_at is not None  # noqa: S101 - it is over
    made = Review.objects.create(
        incident=incident, facts=facts(incident).plain(), ended_at=incident.resolved_at, opened_at=now,
        opened_by=actor.name, changed_at=now,
    )  # fmt: skip
    Entry.objects.create(incident=incident, at=now, word="review", actor=actor.name, data={"review": made.pk})
    record(actor, "review.open", f"review {made.pk}", {"incident": incident.pk})
    return made
