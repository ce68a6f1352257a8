"""An action in a notice: what is to be done until when, and why it is said now."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from mainstay.monitoring.wording import format_day, in_language
from mainstay.reviews.models import Action
from mainstay.reviews.queries import action
from mainstay.settings import BASE_URL

WORDS = ("action-new", "action-soon", "action-late", "action-higher", "action-again", "action-lapsed")


def said_of_action(word: str, data: Mapping[str, Any], language: str) -> dict[str, str]:
    """What the templates show: ``title`` and ``text``, as things stand now."""
    found = action(data["action"])
    origin, place = _origin(found, language)
    return {"title": found.title, "text": "\n\n".join([_why(word, found), found.title, origin, BASE_URL + place])}


def _origin(found: Action, language: str) -> tuple[str, str]:
    """What it came of, and where that stands."""
    if found.drill:
        words = {"number": found.drill.pk, "plan": in_language(found.drill.plan.title, language)}
        return _("From drill %(number)s: %(plan)s.") % words, f"/plans/drills/{found.drill.pk}/"
    assert found.review is not None  # noqa: S101 - the constraint
    incident = found.review.incident
    title = f"#{incident.pk} {in_language(incident.title, language)}"
    return _("From the review of incident %(title)s.") % {"title": title}, f"/reviews/{found.review_id}/"


def _why(word: str, found: Action) -> str:
    """One sentence."""
    words = {"owner": found.owner, "day": format_day(found.due)}
    return {
        "action-new": _("You are to do this by %(day)s:"),
        "action-soon": _("This is due by %(day)s:"),
        "action-late": _("This was due by %(day)s and is not done:"),
        "action-higher": _("%(owner)s was to do this by %(day)s and has not for a week. See to it that it is done:"),
        "action-again": _("The same fault has come again, so what was done against it did not suffice. By %(day)s:"),
        "action-lapsed": _("The time for which this risk was accepted is over. Decide anew by %(day)s:"),
    }[word] % words  # fmt: skip
