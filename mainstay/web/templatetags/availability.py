"""Days of a system as bars. One tag draws all of them: ninety turns of a template cost ten times as much."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mainstay.monitoring.wording import format_seconds
from mainstay.web.templatetags.mainstay import percent
from mainstay.web.templatetags.signs import bar

register = template.Library()


@register.simple_tag
def day_bars(days: Iterable[Mapping[str, Any]]) -> SafeString:
    """Each with its date, its share of time that it was up, and how long it was down."""
    rows = (
        (bar(one["look"], one["x"], 5, 26), date_format(one["day"], "SHORT_DATE_FORMAT"), _told(one)) for one in days
    )
    return format_html_join("", "<rect {}><title>{} · {}</title></rect>", rows)


def _told(one: Mapping[str, Any]) -> str:
    if one["share"] is None:
        return _("not watched")
    down = f" · {_('down')} {format_seconds(one['down'])}" if one["down"] else ""
    return f"{percent(one['share'])}{down}"
