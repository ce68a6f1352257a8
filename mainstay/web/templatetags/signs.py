"""Signs of the pages: a state by colour, shape and word; a level; an icon. All shapes stand in ``static/icons.svg``."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mainstay.monitoring.wording import state_word

register = template.Library()

TAGS = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant"}


@register.filter
def language_tag(code: str) -> str:
    """Django's name of a language as BCP 47 writes it."""
    return TAGS.get(code, code)


@register.filter
def state_text(state: str) -> str:
    """A state in the reader's language."""
    return state_word(state)


@register.filter
def role_word(role: str) -> str:
    """A member's part in an incident."""
    return {"root": _("root"), "joined": _("joined"), "echo": _("echo")}.get(role, role)


def _use(name: str, css: str) -> SafeString:
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', css, static("icons.svg"), name
    )  # fmt: skip


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """A small picture beside a word."""
    return _use(name, f"icon {css}".strip())


@register.simple_tag
def shape(state: str) -> SafeString:
    """A state's shape alone, where its word stands elsewhere."""
    return _use(state if state in ("ok", "warning", "critical") else "unknown", "shape")


@register.simple_tag
def state(value: str, css: str = "", word: str = "") -> SafeString:
    """A state by colour, shape and word; ``word`` where it has another name than usual."""
    said = word or state_text(value)
    return format_html('<span class="{}">{} {}</span>', f"state state-{value} {css}".strip(), shape(value), said)


BARS = {"critical": (0, 1), "warning": (0.3, 0.7), "ok": (0.6, 0.4), "unknown": (0.4, 0.3)}
"""State → where its bar begins and how tall it is, as shares of a row of bars: worse stands higher, and what is not
known hangs in between. What was not watched is a line at the foot."""


@register.simple_tag
def bar(state: str, x: float, width: float, height: float, top: float = 0) -> SafeString:
    """A state in a row of bars, by colour and height: the attributes of its ``rect``."""
    begins, tall = BARS.get(state, (0.88, 0.12))
    numbers = (x, round(top + begins * height, 2), width, round(tall * height, 2))
    return format_html(
        'class="band-{}" x="{}" y="{}" width="{}" height="{}"', state, *(f"{one:g}" for one in numbers)
    )  # fmt: skip


@register.simple_tag
def strip_bars(bands: Iterable[Any]) -> SafeString:
    """All bars of a row that says what each is. One tag: a turn of a template for each costs several times as much."""
    return format_html_join(
        "", "<rect {}><title>{}</title></rect>",
        ((bar(one.state, one.x, one.width, 14), one.title) for one in bands),
    )  # fmt: skip


@register.simple_tag
def level(value: int) -> SafeString:
    """A level by number and word."""
    said = {1: _("1 severe"), 2: _("2 partial"), 3: _("3 slight")}.get(value, str(value))
    return format_html('<span class="level level-{}">{}</span>', value, said)


@register.filter
def level_word(value: int) -> str:
    """A level in the reader's language."""
    return {1: _("severe"), 2: _("partial"), 3: _("slight")}.get(value, "")


@register.filter
def public_word(state: str) -> str:
    """How a system is, for those who use it."""
    return {
        "working": pgettext("public", "working"), "limited": pgettext("public", "limited"),
        "down": pgettext("public", "down"),
    }.get(str(state), pgettext("public", "not known"))  # fmt: skip


@register.filter
def public_shape(state: str) -> str:
    """The state whose colour and shape it has."""
    return {"working": "ok", "limited": "warning", "down": "critical"}.get(str(state), "unknown")


@register.filter
def public_sentence(state: str) -> str:
    """How all of them together are."""
    return {
        "working": _("Everything works."), "limited": _("Something works in part only."),
        "down": _("Something does not work."),
    }.get(str(state), _("Not everything is known at the moment."))  # fmt: skip


@register.filter
def trouble_word(category: str) -> str:
    """What is wrong, for those who use a system, where nobody said it better."""
    return {
        "data": _("Some data may not be right"), "business": _("Some processes are delayed"),
    }.get(category, _("It does not work as it should"))  # fmt: skip


@register.filter
def move_word(kind: str) -> str:
    """How a step that left the path of a flow is called; nothing for one on it."""
    return {"skip": pgettext("step of a flow", "skipped"), "back": pgettext("step of a flow", "back")}.get(kind, "")


@register.filter
def words_apart(name: str) -> str:
    """A name of the code as words."""
    return name.replace("_", " ")
