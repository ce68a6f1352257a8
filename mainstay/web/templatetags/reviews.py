"""Filters for reviews: their words in the reader's language."""

from django import template
from django.urls import reverse

from mainstay.reviews import wording
from mainstay.reviews.models import Action

register = template.Library()
register.filter("cause_word", wording.cause_word)
register.filter("review_state", wording.review_state)
register.filter("action_state", wording.action_state)
register.filter("ending_word", wording.ending_word)
register.filter("turn_word", wording.turn_word)


@register.filter
def action_url(action: Action) -> str:
    """Where an action stands: on the page of its review or its drill."""
    page = reverse("drill", args=[action.drill_id]) if action.drill_id else reverse("review", args=[action.review_id])
    return f"{page}#action-{action.pk}"
