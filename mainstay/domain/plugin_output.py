"""What a monitoring plugin prints: a line for people, and performance data behind a bar.

The form is that of the Monitoring Plugins' development guidelines ("Plugin Output for Nagios"): the first line is
``text | data``; further lines are text until one holds a bar, and what follows that bar is data to the end. An entry is
``'label'=value[UOM];warn;crit;min;max``, where the quotes are left out when the label has no blank. ``warn`` and
``crit`` are ranges; ``min`` and ``max`` say how far a drawing may reach and are not kept.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mainstay.domain.threshold import Comparison

MOST_METRICS = 500
_NUMBER = r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?"
_ENTRY = re.compile(rf"\s*(?:'((?:[^']|'')+)'|([^\s=']+))=(?:({_NUMBER})([a-zA-Z%]*)|U)((?:;\S*)?)(?=\s|$)")
_RANGE = re.compile(rf"(@?)(?:(~|{_NUMBER})?:)?({_NUMBER})?")
_UNITS: Mapping[str, tuple[str, float]] = {
    "s": ("s", 1.0), "ms": ("s", 1e-3), "us": ("s", 1e-6), "%": ("%", 1.0), "b": ("B", 1.0),
    "kb": ("B", 1024.0), "mb": ("B", 1024.0**2), "gb": ("B", 1024.0**3), "tb": ("B", 1024.0**4), "c": ("1", 1.0),
}  # fmt: skip
"""UOM in small letters → our unit and the factor to it. Plugins count bytes in powers of 1024."""


@dataclass(frozen=True, slots=True)
class Range:
    """Wrong is what lies outside ``low`` and ``high``, or with ``inside`` what lies between them; a bound itself is
    inside. None has no end."""

    low: float | None
    high: float | None
    inside: bool = False

    def comparisons(self) -> tuple[Comparison, ...]:
        """When a value is wrong: by any of these, or with ``inside`` by all of them."""
        below, above = ("<=", ">=") if self.inside else (">", "<")
        ends = ((above, self.low), (below, self.high))
        return tuple(Comparison(op, number) for op, number in ends if number is not None)

    def holds(self, value: float) -> bool:
        """Whether the value is wrong."""
        return (all if self.inside else any)(one.holds(value) for one in self.comparisons())


@dataclass(frozen=True, slots=True)
class Output:
    """``values`` are in our units, which ``units`` names, and so are the ranges of ``warn`` and ``crit``; ``text`` is
    for people."""

    text: str
    values: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    warn: Mapping[str, Range] = field(default_factory=dict)
    crit: Mapping[str, Range] = field(default_factory=dict)


def parse_range(text: str, factor: float = 1.0) -> Range | None:
    """``10`` (outside 0 to 10), ``10:``, ``~:10``, ``10:20``, ``@10:20`` (inside), each bound times ``factor``. None
    for what is empty, is no range, or has no end at all."""
    found = _RANGE.fullmatch(text)
    if found is None or not text.lstrip("@"):
        return None
    low, high = _bound(found[2] or "0", factor), _bound(found[3] or "~", factor)
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        return None
    return Range(low, high, bool(found[1]))


def _bound(text: str, factor: float) -> float | None:
    number = math.inf if text == "~" else _number(text) * factor
    return number if math.isfinite(number) else None


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def parse_output(printed: str) -> Output:
    """Never fails: what is not in the form is text, and an entry that cannot be read is left out."""
    first, _, rest = printed.partition("\n")
    text, _, data = first.partition("|")
    long_text, _, more = rest.partition("|")
    values: dict[str, float] = {}
    units: dict[str, str] = {}
    ranges: tuple[dict[str, Range], dict[str, Range]] = ({}, {})
    for found in _ENTRY.finditer(f"{data} {more}"):
        quoted, bare, number, uom, bounds = found.groups()
        label = (quoted.replace("''", "'") if quoted else bare).strip()
        if number is None or not label or len(values) >= MOST_METRICS:
            continue
        unit, factor = _UNITS.get(uom.lower(), ("1", 1.0))
        value = _number(number) * factor
        if math.isfinite(value):
            values[label], units[label] = value, unit
            for kind, printed_range in zip(ranges, bounds.split(";")[1:], strict=False):
                if (one := parse_range(printed_range, factor)) is not None:
                    kind[label] = one
    return Output("\n".join(part.strip() for part in (text, long_text) if part.strip()), values, units, *ranges)
