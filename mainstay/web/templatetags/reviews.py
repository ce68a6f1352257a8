"""Filters for reviews: their words in the reader's language."""

from django import template

from mainstay.reviews import wording

register = template.Library()
register.filter("cause_word", wording.cause_word)
register.filter("review_state", wording.review_state)
register.filter("action_state", wording.action_state)
register.filter("ending_word", wording.ending_word)
register.filter("turn_word", wording.turn_word)
