"""Template tags and filters of the pages."""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from mainstay.monitoring.wording import explain, format_seconds, format_value

register = template.Library()

_SHAPES = {"ok": "●", "warning": "▲", "critical": "■", "unknown": "◇"}


@register.filter
def words(value: Any) -> str:
    """Words by language in the reader's."""
    if not isinstance(value, dict):
        return str(value or "")
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    return str(value.get(language) or value.get("en") or next(iter(value.values()), ""))


@register.filter
def called(thing: Any) -> str:
    """A system's, component's or check's title, or its name where it has none."""
    return words(thing.title) or str(thing.name)


def state_word(state: str) -> str:
    """A state in the reader's language."""
    return {
        "ok": pgettext("state", "ok"), "warning": pgettext("state", "warning"),
        "critical": pgettext("state", "critical"), "unknown": pgettext("state", "unknown"),
    }.get(state, state)  # fmt: skip


@register.simple_tag
def state(value: str) -> SafeString:
    """A state by colour, shape and word."""
    return format_html(
        '<span class="state state-{}"><span class="shape" aria-hidden="true">{}</span> {}</span>',
        value, _SHAPES.get(value, "◇"), state_word(value),
    )  # fmt: skip


@register.simple_tag
def level(value: int) -> SafeString:
    """A level by number and word."""
    name = {1: _("severe"), 2: _("partial"), 3: _("slight")}.get(value, "")
    return format_html('<span class="level level-{}">{} {}</span>', value, value, name)


@register.filter
def category(value: str) -> str:
    """A category in the reader's language."""
    return {"system": _("system"), "data": _("data"), "business": _("business")}.get(value, value)


@register.filter
def incident_state(value: str) -> str:
    """An incident's state in the reader's language."""
    return {
        "open": pgettext("incident", "open"), "acknowledged": pgettext("incident", "acknowledged"),
        "resolved": pgettext("incident", "resolved"),
    }.get(value, value)  # fmt: skip


@register.simple_tag
def when(at: datetime | None) -> SafeString | str:
    """How long ago; the exact time in the reader's zone on hover."""
    if not at:  # a template hands over an empty string where there is no standing yet
        return "–"
    exact = localtime(at).strftime("%Y-%m-%d %H:%M:%S %Z")
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), exact, ago(at))


def ago(at: datetime) -> str:
    """The largest unit that fits."""
    seconds = int((datetime.now(UTC) - at).total_seconds())
    if seconds < 0:
        return localtime(at).strftime("%m-%d %H:%M")
    for size, one, many in (
        (86400, _("%(n)d day ago"), _("%(n)d days ago")),
        (3600, _("%(n)d hour ago"), _("%(n)d hours ago")),
        (60, _("%(n)d minute ago"), _("%(n)d minutes ago")),
    ):
        if seconds >= size:
            return ngettext(one, many, seconds // size) % {"n": seconds // size}
    return _("just now") if seconds < 10 else _("%(n)d seconds ago") % {"n": seconds}


@register.filter
def why(message: dict[str, Any]) -> str:
    """The reason of a state in words."""
    return explain(message or {})


@register.filter
def seconds(value: Any) -> str:
    """A duration as people read it."""
    return "–" if value is None else format_seconds(float(value))


@register.filter
def amount(value: Any) -> str:
    """Money without its currency, thousands apart."""
    return "–" if value is None else f"{float(value):,.2f}"


@register.simple_tag
def value(number: Any, unit: str) -> str:
    """A number with its unit."""
    return format_value(number, unit)


@register.filter
def entry_word(word: str) -> str:
    """What happened, on a timeline."""
    return {
        "opened": _("opened"), "reopened": _("reopened"), "joined": _("another check joined"),
        "echo": _("explained by the root"), "rerooted": _("moved to its cause"), "merged": _("merged"),
        "worse": _("got worse"), "relapsed": _("failed again"), "recovered": _("recovered"), "graded": _("graded"),
        "regraded": _("regraded"), "acknowledged": _("acknowledged"), "note": _("note"), "resolved": _("resolved"),
        "blind": _("cannot be seen"),
    }.get(word, word)  # fmt: skip


@register.filter
def role_word(role: str) -> str:
    """A member's part in an incident."""
    return {"root": _("root"), "joined": _("joined"), "echo": _("echo")}.get(role, role)


@register.filter
def person(actor: str) -> str:
    """An actor as people say it."""
    return _("Mainstay") if actor == "engine" else actor.partition(":")[2] or actor


@register.filter
def state_text(value: str) -> str:
    """A state's word alone."""
    return state_word(value)


@register.simple_tag
def shape(value: str) -> str:
    """A state's shape alone, inside a drawing."""
    return _SHAPES.get(value, "◇")


@register.filter
def unlocalised(number: Any) -> str:
    """A number as SVG reads it."""
    return f"{number:g}" if isinstance(number, float) else str(number)


@register.filter
def words_of(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


@register.filter
def outcome_word(key: str) -> str:
    """What became of a delivery."""
    return {"all": _("all"), "waiting": _("waiting"), "sent": _("sent"), "failed": _("not sent")}.get(key, key)
