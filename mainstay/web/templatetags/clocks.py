"""Tags and filters for clocks of incidents, what they wait for, and the rule that graded them."""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from mainstay.domain.clock import Kind, Reading, Stand
from mainstay.incidents.clocks import Clocked
from mainstay.monitoring.wording import for_users, format_instant, format_number, language_of
from mainstay.web.templatetags.mainstay import category, impact, seconds
from mainstay.web.templatetags.signs import state_text

register = template.Library()


@register.filter
def clock_word(kind: str) -> str:
    """What a clock waits for."""
    return {Kind.RESPOND: _("Take on within"), Kind.RESOLVE: _("Resolve within")}[Kind(kind)]


@register.filter
def pause_word(reason: str) -> str:
    """What an incident waits for."""
    return {
        "vendor": _("waits for the vendor"), "user": _("waits for a user"), "other": _("waits for something else"),
    }.get(reason, reason)  # fmt: skip


@register.simple_tag
def due(reading: Reading, css: str = "") -> SafeString:
    """How much time a clock has left, to the second; it runs on in the page while it counts. Below zero it is late."""
    left = int(reading.left.total_seconds())
    css = f"due num {css} {'due-late' if reading.late else 'due-close' if reading.close else ''}".strip()
    if reading.stand is Stand.OVER:
        said = _("late by %(long)s") % {"long": seconds(-left)} if reading.late else _("in time")
        return format_html('<span class="{}">{}</span>', css, said)
    until = reading.due_at.isoformat() if reading.due_at else ""
    if reading.stand is Stand.COUNTING:
        ends = int(datetime.now(UTC).timestamp()) + left
        return format_html(
            '<time class="{}" datetime="{}" data-due="{}" data-day="{}">{}</time>',
            css, until, ends, pgettext("unit", "d"), counted(left),
        )  # fmt: skip
    why = _("paused") if reading.stand is Stand.PAUSED else _("outside working hours")
    return format_html('<span class="{}">{}</span> <span class="dim small">{}</span>', css, counted(left), why)


@register.simple_tag
def due_at(at: datetime) -> SafeString:
    """When something is due: how long until then, or red since when it has been."""
    left = int((at - datetime.now(UTC)).total_seconds())
    exact = f"{format_instant(localtime(at))} {localtime(at).tzname()}"
    words = _("late by %(long)s") if left < 0 else _("in %(long)s")
    return format_html(
        '<time class="{}" datetime="{}" title="{}">{}</time>',
        "due due-late" if left < 0 else "due", at.isoformat(), exact, words % {"long": seconds(roughly(abs(left)))},
    )  # fmt: skip


def roughly(long: int) -> int:
    """No finer than minutes, or hours from a day on: a list is not a stopwatch."""
    step = 3600 if long >= 86400 else 60 if long >= 60 else 1
    return long // step * step


def counted(left: int) -> str:
    """Hours, minutes and seconds, with days before them and a minus when they are over."""
    days, rest = divmod(abs(left), 86400)
    text = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    if days:
        text = f"{days} {pgettext('unit', 'd')} {text}"
    return f"−{text}" if left < 0 else text


@register.filter
def of_incident(clocks: dict[int, Clocked], number: int) -> Clocked:
    """The clocks of one of several incidents."""
    return clocks[number]


@register.filter
def facts(grounds: dict[str, Any]) -> str:
    """What a rule saw when it decided on a level."""
    of = {"tier": grounds.get("tier", "–"), "impact": impact(grounds.get("impact", ""))}
    said = [
        _("tier %(tier)s, %(impact)s") % of,
        category(grounds.get("category", "")), state_text(grounds.get("state", "")),
        _("in business hours") if grounds.get("in_hours") else _("out of hours"),
    ]  # fmt: skip
    if above := grounds.get("above"):
        said.append(ngettext("%(n)d component needs it", "%(n)d components need it", above) % {"n": above})
    if money := grounds.get("money"):
        said.append(_("%(money)s at risk") % {"money": format_number(money, 2)})
    if stuck := grounds.get("stuck"):
        said.append(ngettext("%(n)d case stuck", "%(n)d cases stuck", stuck) % {"n": stuck})
    if users := grounds.get("users"):
        said.append(ngettext("%(n)d person affected", "%(n)d people affected", users) % {"n": users})
    return pgettext("between parts of a list", ", ").join(one for one in said if one)


@register.filter
def to_users(trouble: Any) -> str:
    """What those who use a system are told of an incident; empty where nothing is."""
    return for_users(trouble.words, trouble.system, language_of(get_language()))
