"""What a monitoring plugin prints: a line for people, and performance data behind a bar.

The form is that of the Monitoring Plugins' development guidelines ("Plugin Output for Nagios"): the first line is
``text | data``; further lines are text until one holds a bar, and what follows that bar is data to the end. An entry is
``'label'=value[UOM];warn;crit;min;max``, where the quotes are left out when the label has no blank.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_METRICS = 500
_NUMBER = r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?"
_ENTRY = re.compile(rf"\s*(?:'((?:[^']|'')+)'|([^\s=']+))=(?:({_NUMBER})([a-zA-Z%]*)|U)(?:;\S*)?(?=\s|$)")
_UNITS: Mapping[str, tuple[str, float]] = {
    "s": ("s", 1.0), "ms": ("s", 1e-3), "us": ("s", 1e-6), "%": ("%", 1.0), "b": ("B", 1.0),
    "kb": ("B", 1024.0), "mb": ("B", 1024.0**2), "gb": ("B", 1024.0**3), "tb": ("B", 1024.0**4), "c": ("1", 1.0),
}  # fmt: skip
"""UOM in small letters → our unit and the factor to it. Plugins count bytes in powers of 1024."""


@dataclass(frozen=True, slots=True)
class Output:
    """``values`` are in our units, which ``units`` names; ``text`` is for people."""

    text: str
    values: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)


def parse_output(printed: str) -> Output:
    """Never fails: what is not in the form is text, and an entry that cannot be read is left out."""
    first, _, rest = printed.partition("\n")
    text, _, data = first.partition("|")
    long_text, _, more = rest.partition("|")
    values: dict[str, float] = {}
    units: dict[str, str] = {}
    for found in _ENTRY.finditer(f"{data} {more}"):
        quoted, bare, number, uom = found.groups()
        label = (quoted.replace("''", "'") if quoted else bare).strip()
        if number is None or not label or len(values) >= MOST_METRICS:
            continue
        unit, factor = _UNITS.get(uom.lower(), ("1", 1.0))
        value = float(number.replace(",", ".")) * factor
        if math.isfinite(value):
            values[label], units[label] = value, unit
    return Output("\n".join(part.strip() for part in (text, long_text) if part.strip()), values, units)
