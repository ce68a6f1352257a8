"""Words of backup policies on the pages."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import dateformat
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mainstay.monitoring.wording import format_value, zone_mark

register = template.Library()


@register.filter
def rule_word(rule: str) -> str:
    """Why a copy stays."""
    return {
        "last": pgettext("rule", "one of the last"), "daily": pgettext("rule", "daily"),
        "weekly": pgettext("rule", "weekly"), "monthly": pgettext("rule", "monthly"),
        "yearly": pgettext("rule", "yearly"), "proved": pgettext("rule", "the newest proved one"),
        "only": pgettext("rule", "the only one"), "base": pgettext("rule", "others are made upon it"),
        "owed": pgettext("rule", "not at the second site yet"),
    }.get(rule, rule)  # fmt: skip


@register.filter
def bytes_word(number: Any) -> str:
    """Bytes as people read them."""
    return format_value(number, "B")


@register.filter
def gap_word(gap: str) -> str:
    """What a component lacks."""
    return {"policy": _("no policy backs it up"), "site": _("its copies lie in one place only")}.get(gap, "")


@register.filter
def minutes_word(minutes: int) -> str:
    """A time that was counted in minutes."""
    return format_value(minutes * 60, "s")


@register.filter
def other_clock(at: datetime, zone: str) -> str:
    """The same moment on the reader's clock; empty where that shows the same as the zone's."""
    here, there = localtime(at), at.astimezone(ZoneInfo(zone))
    return "" if here.utcoffset() == there.utcoffset() else f"{here:%H:%M} {zone_mark(here)}"


@register.filter
def on_clock(at: datetime, zone: str) -> str:
    """A moment as the clocks of a zone show it, with the day of the week, which schedules speak of."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{dateformat.format(local, 'D')} {local:%Y-%m-%d %H:%M}"
