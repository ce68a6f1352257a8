"""Filters for articles and tickets: their words in the reader's language, and what a search found in it."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

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
