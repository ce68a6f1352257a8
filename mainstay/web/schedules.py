"""Schedules in words. What is written so rarely that words would be longer than it stays as it is."""

import re
from datetime import date, timedelta

from django.utils.dateformat import format as day_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mainstay.monitoring.wording import listed

_MONDAY = date(2024, 1, 1)
_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def schedule(cron: str) -> SafeString | str:
    """In words, with the cron line on hover."""
    words = in_words(cron)
    return format_html('<span title="{}">{}</span>', cron, words) if words != cron else cron


def in_words(cron: str) -> str:
    """``0 2 * * 0`` is every Sunday at 02:00."""
    match cron.split():
        case [minute, hour, day, "*", weekday] if minute.isdecimal() and hour.isdecimal():
            return _days(day, weekday, f"{int(hour):02}:{int(minute):02}") or cron
        case [minute, "*", "*", "*", "*"] if minute.isdecimal():
            return _("every hour at minute %(n)s") % {"n": int(minute)}
        case [every, "*", "*", "*", "*"] if found := re.fullmatch(r"\*/(\d+)", every):
            return _("every %(n)s minutes") % {"n": found[1]}
        case [minute, every, "*", "*", "*"] if minute.isdecimal() and (found := re.fullmatch(r"\*/(\d+)", every)):
            return _("every %(n)s hours at minute %(minute)s") % {"n": found[1], "minute": int(minute)}
    return cron


def _days(day: str, weekday: str, at: str) -> str:
    """Empty where words would not be plainer."""
    if day == weekday == "*":
        return _("every day at %(at)s") % {"at": at}
    if day == "*" and (names := _weekdays(weekday)):
        return _("every %(days)s at %(at)s") % {"days": names, "at": at}
    if weekday == "*" and day.isdecimal():
        return _("on day %(day)s of every month at %(at)s") % {"day": int(day), "at": at}
    return ""


def _weekdays(text: str) -> str:
    """Names of the days in ``1-5``, ``sat`` or ``1,3``; empty for what is none of these."""
    ends = [part.partition("-") for part in text.lower().split(",")]
    found = [(_number(first), _number(last) if dash else None) for first, dash, last in ends]
    if any(first is None or (dash and last is None) for (first, last), (_f, dash, _l) in zip(found, ends, strict=True)):
        return ""
    return listed(_day(first) if last is None else f"{_day(first)} – {_day(last)}" for first, last in found)


def _number(text: str) -> int | None:
    """From 0 for Sunday; 7 is Sunday too."""
    if text in _NAMES:
        return _NAMES.index(text)
    return int(text) % 7 if text in set("01234567") else None


def _day(number: int | None) -> str:
    return day_format(_MONDAY + timedelta(days=((number or 0) - 1) % 7), "l")
