"""Words of a diagnosis."""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mainstay.diagnosis.queries import Event, Signal
from mainstay.diagnosis.wording import event_said, kind_word, moved, relation_word, why_word
from mainstay.domain.saying import restored, said
from mainstay.monitoring.wording import format_instant, language_of

register = template.Library()


@register.filter
def event_kind(event: Event) -> str:
    """What sort of thing happened."""
    return kind_word(event.kind)


@register.filter
def event_words(event: Event) -> str:
    """What happened, in a line."""
    return event_said(event, language_of(get_language()))


@register.filter
def signal_moved(signal: Signal) -> str:
    """A metric, from what to what."""
    return moved(signal)


@register.filter
def relation(value: Any) -> str:
    """What a component has to do with the incident."""
    return relation_word(value)


@register.filter
def fits_because(why: str) -> str:
    """Why a past incident, a plan or a runbook is shown."""
    return why_word(why)


@register.filter
def resaid(kept: Any) -> str:
    """A saying that was stored, in the reader's language."""
    return said(restored(kept), _)


@register.filter
def of_key(values: dict[Any, Any], key: Any) -> Any:
    """A value by a key that only the template knows."""
    return values.get(key)


@register.simple_tag
def clock_at(at: datetime | float) -> SafeString:
    """To the second, on the reader's clock, the day by its date or on hover; ``at`` may be seconds since 1970."""
    moment = localtime(at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC))
    exact = format_instant(moment)
    short = f"{moment:%H:%M:%S}" if moment.date() == localtime(datetime.now(UTC)).date() else exact
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, short)
