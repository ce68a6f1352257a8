"""Filters for plans and drills: their codes in the reader's language."""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from mainstay.monitoring.wording import format_seconds, in_language, language_of
from mainstay.plans import wording

register = template.Library()
register.filter("rhythm_word", wording.rhythm_word)
register.filter("phase_word", wording.phase_word)
register.filter("day_said", wording.day_said)
register.filter("plan_state", wording.plan_state_word)
register.filter("drill_state", wording.drill_state_word)
register.filter("drill_kind", wording.drill_kind_word)
register.filter("drill_word", wording.drill_word)
register.filter("asked_word", wording.asked_word)
register.filter("verdict_word", wording.verdict_word)


@register.filter
def in_plan(texts: Any) -> str:
    """A text of a plan in the reader's language, or in what there is."""
    return in_language(texts, language_of(get_language()))


@register.filter
def verdict_shape(verdict: str) -> str:
    """The shape of a verdict."""
    return {"ok": "ok", "missed": "critical"}.get(verdict, "unknown")


@register.filter
def measured(number: float | None, unit: str) -> str:
    """Seconds as people say them, or a count."""
    if number is None:
        return "–"
    return format_seconds(round(number)) if unit == "s" else f"{number:g}"


@register.filter
def is_past(day: Any) -> bool:
    """Whether a day, or one written such as 2027-01-31, is over."""
    return bool(day) and str(day) < datetime.now(UTC).date().isoformat()


@register.filter
def passed_word(passed: bool | None) -> str:
    """How a drill ended."""
    return {True: _("passed"), False: _("not passed")}.get(passed, "–") if passed is not None else "–"


@register.filter
def part_word(role: str) -> str:
    """What somebody was in a drill."""
    return _("leader") if role == "leader" else role


@register.filter
def column_word(key: str) -> str:
    """A column of the form's lists."""
    return {
        "who": pgettext("plan", "Who"), "deputy": _("Deputy"), "name": pgettext("plan", "Name"),
        "phone": _("Phone"), "mail": _("E-mail"),
        "amount": _("How much"), "place": _("Where"), "expires": _("Good until"),
    }.get(key, key)  # fmt: skip


@register.filter
def beside_title(cells: dict[str, str]) -> list[str]:
    """The columns of a row that follow its title."""
    return [key for key in cells if key != "title"]


@register.filter
def cell(cells: dict[str, str], key: str) -> str:
    """What stands in one of them."""
    return cells[key]
