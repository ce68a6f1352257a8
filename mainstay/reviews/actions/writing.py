"""What people write into a review. Each act is authorised, carried out and audited in one transaction."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.db import transaction
from django.utils.translation import override

from mainstay.audit.actions import record
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.review import MOST_WHYS, Cause, State, lacking
from mainstay.domain.saying import say
from mainstay.knowledge.actions import draft_of_incident
from mainstay.knowledge.models import Article
from mainstay.monitoring.wording import DJANGO_LANGUAGE
from mainstay.reviews import wording
from mainstay.reviews.actions.refusal import Illegal
from mainstay.reviews.days import day_of
from mainstay.reviews.models import Review

LONGEST = 20_000
"""Characters of what went well or badly."""


def write(
    number: int,
    *,
    actor: Actor,
    whys: Sequence[str] | None = None,
    cause: str | None = None,
    well: str | None = None,
    badly: str | None = None,
    nothing: str | None = None,
) -> Review:
    """Change what is given, leave the rest. Raises Illegal, Review.DoesNotExist, ValueError for an unknown cause."""
    with transaction.atomic():
        review = locked(number, actor, "review.write")
        _open(review)
        if whys is not None:
            review.whys = [text for one in whys[:MOST_WHYS] if (text := " ".join(one.split())[:500])]
        if cause is not None:
            review.cause = Cause(cause).value if cause else ""
        review.well = review.well if well is None else _tidy(well)
        review.badly = review.badly if badly is None else _tidy(badly)
        review.nothing = review.nothing if nothing is None else _tidy(nothing)
        return _kept(review, actor, "review.write")


def hold(number: int, *, actor: Actor, day: date | None = None, present: str = "") -> Review:
    """It was held. Raises Illegal for a day that is to come, or when it is closed."""
    today = day_of(datetime.now(UTC))
    when = day or today
    if when > today:
        raise Illegal(say("a review is held when it was held; the day is still to come"))
    with transaction.atomic():
        review = locked(number, actor, "review.hold")
        _open(review)
        review.state, review.held_at, review.held_by = State.HELD.value, when, actor.name
        review.present = " ".join(present.split())[:500]
        return _kept(review, actor, "review.hold", day=str(when))


def close(number: int, *, actor: Actor) -> Review:
    """Its causes are known and its actions agreed. Raises Illegal, which says what is missing."""
    with transaction.atomic():
        review = locked(number, actor, "review.close")
        _open(review)
        if missing := lacking(review.cause, review.whys, review.actions.count(), review.nothing):
            raise Illegal(missing)
        now = datetime.now(UTC)
        review.held_at, review.held_by = review.held_at or day_of(now), review.held_by or actor.name
        review.state, review.closed_at, review.closed_by = State.CLOSED.value, now, actor.name
        return _kept(review, actor, "review.close")


def reopen(number: int, *, reason: str, actor: Actor) -> Review:
    """There is more to it. Raises Illegal unless it is closed and a reason is given."""
    if not reason.strip():
        raise Illegal(say("say why it is opened again"))
    with transaction.atomic():
        review = locked(number, actor, "review.reopen")
        if review.state != State.CLOSED:
            raise Illegal(say("review %(number)s is not closed", number=number))
        review.state, review.closed_at, review.closed_by = State.OPEN.value, None, ""
        return _kept(review, actor, "review.reopen", reason=reason.strip()[:300])


def draft_article(number: int, language: str, *, actor: Actor) -> Article:
    """A draft for the knowledge base with the facts, the causes and what is done against them. Raises
    Review.DoesNotExist."""
    with transaction.atomic():
        review = locked(number, actor, "review.read")
        with override(DJANGO_LANGUAGE[language]):
            why, avoided = wording.causes(review), wording.measures(review)
        return draft_of_incident(review.incident_id, language, actor=actor, why=why, avoided=avoided)


def locked(number: int, actor: Actor, act: str) -> Review:
    """The review, for one who may do this on its system."""
    review = Review.objects.select_for_update(of=("self",)).select_related("incident__system").get(pk=number)
    authorise(actor, act, system=review.incident.system.name if review.incident.system else None)
    return review


def _open(review: Review) -> None:
    if review.state == State.CLOSED:
        raise Illegal(say("review %(number)s is closed; open it again first", number=review.pk))


def _kept(review: Review, actor: Actor, act: str, **data: str) -> Review:
    review.changed_at = datetime.now(UTC)
    review.save()
    record(actor, act, f"review {review.pk}", data)
    return review


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\0", "").strip()[:LONGEST]
