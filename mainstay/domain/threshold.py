"""Conditions as people write them: ``> 80% for 5m, clear < 70%``.

::

    condition  = [metric] comparison [" for " duration] [", clear " comparison]
    comparison = operator number [unit]
    operator   = > >= < <= == !=
    unit       = % ms s m h d w B kB MB GB TB KiB MiB GiB TiB k M G

A unit turns the number into the metric's base unit (seconds, bytes, or itself); ``%`` stays as it is, because
metrics in percent count from 0 to 100.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mainstay.domain.duration import parse_duration

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": lambda one, other: one != other and not math.isnan(one),
}
_SCALE = {
    "": 1.0, "%": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0,
    "B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
    "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40, "k": 1e3, "M": 1e6, "G": 1e9,
}  # fmt: skip
_COMPARISON = (
    r"(?P<{p}op>>=|<=|==|!=|>|<)\s*(?P<{p}number>-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*(?P<{p}unit>%|[A-Za-z]{{1,3}})?"
)
_CONDITION = re.compile(
    r"(?:(?P<metric>[A-Za-z_][A-Za-z0-9_.:/-]*)\s+)?"
    + _COMPARISON.format(p="")
    + r"(?:\s+for\s+(?P<hold>\S+?))?"
    + r"(?:\s*,?\s+clear\s+"
    + _COMPARISON.format(p="clear_")
    + r")?"
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """``op`` and a number in the metric's base unit."""

    op: str
    number: float

    def holds(self, value: float) -> bool:
        """Not-a-number never satisfies a comparison, not even ``!=``."""
        return _OPERATORS[self.op](value, self.number)


@dataclass(frozen=True, slots=True)
class Condition:
    """When a metric is wrong, for how long it must be so, and when it is right again.

    ``metric`` empty means the probe's first one. ``hold`` in seconds. Without ``clear`` it is right as soon as
    ``when`` no longer holds.
    """

    text: str
    metric: str
    when: Comparison
    hold: float = 0.0
    clear: Comparison | None = None

    def holds(self, values: Mapping[str, float], primary: str, already: bool) -> bool:
        """Whether the metric is wrong; ``already`` says that it was wrong before, so that ``clear`` decides."""
        value = values.get(self.metric or primary)
        if value is None:
            return False
        if already and self.clear is not None:
            return not self.clear.holds(value)
        return self.when.holds(value)


def parse_condition(text: str) -> Condition:
    """Read a condition; raises ValueError with what would be right."""
    found = _CONDITION.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a condition; write such as > 80% for 5m, clear < 70%")
    hold = parse_duration(found["hold"]) if found["hold"] else 0.0
    clear = _comparison(found["clear_op"], found["clear_number"], found["clear_unit"]) if found["clear_op"] else None
    when = _comparison(found["op"], found["number"], found["unit"])
    return Condition(text.strip(), found["metric"] or "", when, hold, clear)


def _comparison(op: str, number: str, unit: str | None) -> Comparison:
    if (unit or "") not in _SCALE:
        raise ValueError(f"{unit!r} is not a unit; known are {', '.join(filter(None, _SCALE))}")
    return Comparison(op, float(number) * _SCALE[unit or ""])
