"""Reading reviews and their actions."""

from datetime import date

from django.db.models import Count, Q, QuerySet

from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.review import ActionState, State
from mainstay.people.queries import seen
from mainstay.reviews.models import Action, Review

STATES = tuple(one.value for one in State)
ACTION_STATES = ("undone", *(one.value for one in ActionState))
SORTS = {"newest": ("-opened_at", "-pk"), "oldest": ("opened_at", "pk")}
ACTION_SORTS = {"due": ("due", "pk"), "newest": ("-made_at", "-pk")}
_DONE, _UNDONE = ActionState.DONE.value, (ActionState.OPEN.value, ActionState.REOPENED.value)
ORIGIN = _REVIEWED, _DRILLED = "review__incident__system", "drill__plan__system"
"""The two ways from an action to its system."""


def reviews(
    *, state: str = "", system: str = "", text: str = "", sort: str = "newest", sight: Sight = EVERYTHING
) -> QuerySet[Review]:
    """With how many actions each has, and how many of them are not done. ``text`` is an incident's number, or words of
    its title."""
    found = Review.objects.filter(seen(sight, "incident__system__name")).select_related(
        "incident__system", "incident__root"
    )
    found = found.annotate(all=Count("actions"), undone=Count("actions", filter=Q(actions__state__in=_UNDONE)))
    found = found.order_by(*SORTS[sort])
    if state:
        found = found.filter(state=state)
    if system:
        found = found.filter(incident__system__name=system)
    return found.filter(_about(text, "incident")) if text else found


def _about(text: str, path: str) -> Q:
    number = text.removeprefix("#")
    if number.isdecimal() and len(number) < 10:
        return Q(**{f"{path}__pk": int(number)})
    return Q(**{f"{path}__title__en__icontains": text}) | Q(**{f"{path}__title__zh__icontains": text})


def review(number: int, sight: Sight = EVERYTHING) -> Review:
    """Raises Review.DoesNotExist."""
    return reviews(sight=sight).get(pk=number)


def of_incident(number: int) -> Review | None:
    """The review of an incident that may be seen."""
    return Review.objects.filter(incident=number).first()


def waiting(sight: Sight = EVERYTHING) -> QuerySet[Review]:
    """Those that are not closed, the oldest first."""
    return reviews(sort="oldest", sight=sight).exclude(state=State.CLOSED.value)


def actions(
    *, state: str = "", owner: str = "", system: str = "", text: str = "", overdue: date | None = None,
    sort: str = "due", sight: Sight = EVERYTHING,
) -> QuerySet[Action]:  # fmt: skip
    """``state`` may also be ``undone``; ``overdue``: not done and due before a day. ``text`` is in its words."""
    reviewed = Q(drill=None) & seen(sight, f"{_REVIEWED}__name")
    drilled = Q(review=None) & seen(sight, f"{_DRILLED}__name")
    found = Action.objects.filter(reviewed | drilled).select_related(*ORIGIN).order_by(*ACTION_SORTS[sort])
    if state:
        found = found.filter(state__in=_UNDONE if state == "undone" else (state,))
    if owner:
        found = found.filter(owner=owner)
    if system:
        found = found.filter(Q(**{f"{_REVIEWED}__name": system}) | Q(**{f"{_DRILLED}__name": system}))
    if overdue is not None:
        found = found.filter(due__lt=overdue, state__in=_UNDONE)
    return found.filter(title__icontains=text) if text else found


def action(number: int, sight: Sight = EVERYTHING) -> Action:
    """Raises Action.DoesNotExist."""
    return actions(sight=sight).get(pk=number)


def actions_of(number: int) -> QuerySet[Action]:
    """Of one review, with their stories."""
    return _told(Action.objects.filter(review=number))


def actions_of_drill(number: int) -> QuerySet[Action]:
    """Of one drill, with their stories."""
    return _told(Action.objects.filter(drill=number))


def _told(found: QuerySet[Action]) -> QuerySet[Action]:
    return found.select_related(*ORIGIN, "again").prefetch_related("story").order_by("due", "pk")
