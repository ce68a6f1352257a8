"""Words and signs of remedies on the pages."""

from typing import Any

from django import template
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mainstay.domain.actor import person_name
from mainstay.domain.duration import parse_duration
from mainstay.domain.saying import restored, said
from mainstay.monitoring.wording import fault_words, format_day, format_span
from mainstay.remedies.models import Attempt
from mainstay.remedies.queries import Standing

register = template.Library()


@register.filter
def remedy_standing(one: Standing) -> str:
    """Whether it may be applied, and by whose word, or why not."""
    who = person_name(one.allowance.made_by) if one.allowance else ""
    if one.refusal is None and one.allowance is not None:
        day = localtime(one.allowance.until)
        return _("allowed by %(who)s until %(day)s") % {"who": who, "day": format_day(day.date())}
    words = {
        "not-allowed": pgettext("remedy", "off: nobody allows it"),
        "changed": _("off: changed since %(who)s allowed it"), "lapsed": _("off: %(who)s may not allow it any more"),
        "cannot": _("cannot be applied: %(why)s"),
    }  # fmt: skip
    return words[str(one.refusal)] % {"who": who, "why": said(one.wrong, _)}


@register.filter
def attempt_word(row: Attempt) -> str:
    """How it went."""
    if not row.outcome:
        return pgettext("remedy", "the check is looked at") if row.looked_from else pgettext("remedy", "is applied")
    if row.outcome == "failed":
        return failed_word(row.because)
    return pgettext("remedy", "helped") if row.outcome == "helped" else pgettext("remedy", "the check is gone")


@register.filter
def failed_word(because: str) -> str:
    """Why it did not help."""
    return {
        "stopped": _("did not help: a step failed"), "asked": _("did not help: the run waits for somebody"),
        "ended": _("did not help: the run was ended"), "slow": _("did not help: the run took too long and pauses"),
        "failing": _("did not help: the check still fails"),
    }.get(because, because)  # fmt: skip


@register.filter
def written_span(text: str) -> str:
    """A duration that a user wrote, as people read it."""
    return format_span(text) if parse_duration(text) else _("at once")


@register.filter
def failing_because(reason: str) -> str:
    """Why a check must fail: a fault, or a value past its limit."""
    return _("a value is past its limit") if reason == "limit" else fault_words(reason)


@register.filter
def outcome_shape(outcome: str) -> str:
    """The state whose colour and shape it has."""
    return {"helped": "ok", "failed": "critical", "": "warning"}.get(outcome, "unknown")


@register.filter
def refusal_word(data: dict[str, Any]) -> str:
    """Why a remedy was not applied."""
    why = restored(data.get("why"))
    words = {
        "not-allowed": _("nobody allows it"), "changed": _("it was changed since it was allowed"),
        "lapsed": _("who allowed it may not any more"), "failed": _("one did not help in this incident"),
        "taken": _("somebody has taken the incident on"), "muted": _("the check is muted"),
        "hours": _("out of its hours"), "busy": _("a run is open on the system"),
        "often": _("as often as it may be within an hour"), "cannot": _("it cannot be applied: %(why)s"),
    }.get(str(data.get("refusal")), "%(why)s")  # fmt: skip
    return words % {"why": said(why, _)}
