"""A review on paper: HTML to print, and PDF."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from mainstay.domain.actor import person_name
from mainstay.domain.review_facts import facts_of
from mainstay.drivers.pdf import pdf
from mainstay.incidents.queries import timeline
from mainstay.monitoring.wording import DJANGO_LANGUAGE, format_day, format_instant, in_language
from mainstay.reviews import queries, wording
from mainstay.reviews.models import Review

_TAGS = {"en": "en", "zh": "zh-Hans", "zh-hant": "zh-Hant"}
_HAN = {"zh-hant": "TC"}
NOTES = 40
"""Words of people on the timeline that are printed, the oldest."""


class File(NamedTuple):
    """What goes out, its media type and a name for it."""

    data: bytes
    kind: str
    name: str


def document(review: Review, form: str, language: str) -> File:
    """``form`` is html or pdf; ``language`` en, zh or zh-hant. Raises Unprintable."""
    with override(DJANGO_LANGUAGE[language]):
        text = render_to_string("reviews/paper.html", _paper(review, language))
    name = f"review-{review.pk}.{form}"
    if form == "html":
        return File(text.encode(), "text/html; charset=utf-8", name)
    return File(pdf(text), "application/pdf", name)


def _paper(review: Review, language: str) -> dict[str, object]:
    incident = review.incident
    system = incident.system
    zone = ZoneInfo(system.timezone if system else "UTC")
    notes = timeline(incident.pk).exclude(text="")[:NOTES]
    return {
        "review": review, "tag": _TAGS[language], "han": _HAN.get(language, "SC"), "zone": str(zone),
        "title": in_language(incident.title, language),
        "system": in_language(system.title, language) or system.name if system else "–",
        "state": wording.review_state(review.state), "cause": wording.cause_word(review.cause),
        "held": format_day(review.held_at) if review.held_at else "–", "times": _times(review, zone),
        "figures": wording.figures(review),
        "notes": [(_at(one.at, zone), person_name(one.actor), one.text) for one in notes],
        "actions": [(one, wording.ended(one)) for one in queries.actions_of(review.pk)],
        "closed": (person_name(review.closed_by), _at(review.closed_at, zone)) if review.closed_at else None,
    }  # fmt: skip


def _times(review: Review, zone: ZoneInfo) -> list[tuple[str, str]]:
    found = facts_of(review.facts)
    return [
        (_("First sign"), _at(found.began_at, zone)), (_("Incident"), _at(found.opened_at, zone)),
        (_("Taken on"), _at(found.acknowledged_at, zone)), (_("Over"), _at(found.resolved_at, zone)),
    ]  # fmt: skip


def _at(moment: datetime | None, zone: ZoneInfo) -> str:
    return format_instant(moment.astimezone(zone)) if moment else "–"
