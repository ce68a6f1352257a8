"""Filters for articles and tickets: their words in the reader's language, and what a search found in it."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from mainstay.domain.help_desk import label
from mainstay.monitoring.wording import in_language, language_of

register = template.Library()


@register.filter
def pieces(found: Iterable[tuple[str, bool]]) -> SafeString:
    """A text in pieces, those that were looked for marked."""
    return format_html_join("", "{}{}{}", ((_MARK[hit][0], piece, _MARK[hit][1]) for piece, hit in found))


_MARK = {True: (SafeString("<mark>"), SafeString("</mark>")), False: ("", "")}


@register.filter
def article_title(article: Any) -> str:
    """Its title in the reader's language, or in what there is."""
    titles = {language: text["title"] for language, text in article.texts.items()}
    return in_language(titles, language_of(get_language()))


@register.filter
def article_state(state: str) -> str:
    """An article's state; all of them for none."""
    return {
        "draft": pgettext("article", "draft"), "published": pgettext("article", "published"),
        "retired": pgettext("article", "retired"), "": _("all"),
    }.get(state, state)  # fmt: skip


@register.filter
def tongue(language: str) -> str:
    """A language by its own name."""
    return {"en": "English", "zh": "简体中文", "zh-hant": "繁體中文"}.get(language, language)


@register.filter
def ticket_label(number: int) -> str:
    """A ticket's number as people read it."""
    return label(number)


@register.filter
def ticket_kind(kind: str) -> str:
    """What somebody reported."""
    return {
        "fault": pgettext("ticket", "fault"), "question": pgettext("ticket", "question"),
        "wish": pgettext("ticket", "wish"),
    }.get(kind, kind)  # fmt: skip


@register.filter
def ticket_state(state: str) -> str:
    """Where a ticket stands; ``open`` is all that is not closed."""
    return {
        "new": pgettext("ticket", "new"), "joined": pgettext("ticket", "part of an incident"),
        "answered": pgettext("ticket", "answered"), "waiting": pgettext("ticket", "waits for its reporter"),
        "closed": pgettext("ticket", "closed"), "open": pgettext("ticket", "not closed"), "": _("all"),
    }.get(state, state)  # fmt: skip


@register.filter
def message_word(word: str) -> str:
    """What was said on a ticket or happened to it."""
    return {
        "said": pgettext("ticket", "said"), "answered": pgettext("ticket", "answered"),
        "asked": pgettext("ticket", "asked"), "note": _("note"), "joined": pgettext("ticket", "part of an incident"),
        "sorted": pgettext("ticket", "sorted"), "closed": pgettext("ticket", "closed"),
        "wish": pgettext("ticket", "made a requirement"), "acknowledged": _("acknowledged"), "resolved": _("resolved"),
        "reopened": _("reopened"),
    }.get(word, word)  # fmt: skip


@register.filter
def told_word(word: str) -> str:
    """The same for its reporter."""
    return {
        "said": _("You wrote"), "answered": _("Our answer"), "asked": _("We ask you"),
        "joined": _("Part of a known fault"), "closed": _("Closed"), "acknowledged": _("It is being worked on"),
        "resolved": _("The fault is over"), "reopened": _("The fault is back"),
    }.get(word, word)  # fmt: skip
