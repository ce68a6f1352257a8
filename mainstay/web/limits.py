"""What a check is judged by, as its page says and draws it: its own conditions, or the ranges that a plugin printed
with its numbers and judged by itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from mainstay.catalogue.models import Check
from mainstay.domain.plugin_output import Range
from mainstay.domain.state import State
from mainstay.domain.threshold import Comparison, Condition, parse_condition
from mainstay.monitoring import queries as monitoring
from mainstay.monitoring.wording import format_value, say_condition


@dataclass(frozen=True, slots=True)
class Limit:
    """One sentence, and a condition for each line that it gives in a chart."""

    state: State
    said: str
    lines: tuple[Condition, ...]


def limits(found: Check, primary: str, units: Mapping[str, str]) -> list[Limit]:
    """The worst first. ``units`` are those of the metrics that were seen."""
    pairs: list[tuple[State, str]] = [
        *((State.CRITICAL, text) for text in found.document.get("crit", [])),
        *((State.WARNING, text) for text in found.document.get("warn", [])),
    ]
    own = [(state, parse_condition(text)) for state, text in pairs]
    if own or found.kind != "plugin":
        return [
            Limit(state, say_condition(one, primary, units.get(one.metric or primary, "1"), kind=found.kind), (one,))
            for state, one in own
        ]
    return _printed(found, units)


def _printed(found: Check, units: Mapping[str, str]) -> list[Limit]:
    newest = monitoring.observation(found.pk)
    kinds = newest.payload.get("limits", {}) if newest else {}
    return [
        limit
        for state in (State.CRITICAL, State.WARNING)
        for metric, one in kinds.get(state.value, {}).items()
        for limit in _of_range(state, metric, Range(**one), units.get(metric, "1"))
    ]


def _of_range(state: State, metric: str, one: Range, unit: str) -> list[Limit]:
    lines = tuple(_line(metric, comparison, unit) for comparison in one.comparisons())
    if one.inside and len(lines) == 2:
        low, high = (format_value(line.when.number, unit) for line in lines)
        said = _("%(metric)s from %(low)s to %(high)s") % {"metric": metric, "low": low, "high": high}
        return [Limit(state, said, lines)]
    return [Limit(state, say_condition(line, metric, unit), (line,)) for line in lines]


def _line(metric: str, when: Comparison, unit: str) -> Condition:
    return Condition(f"{when.op} {format_value(when.number, unit)}", metric, when)
