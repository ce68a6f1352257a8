"""Which series of an exporter make one number: ``sum(http_requests_total{code=~"5.."})``.

A small part of PromQL (Prometheus' documentation, "Querying basics"): a metric's name, label matchers, and one function
around them. ``sum``, ``max``, ``min``, ``avg`` and ``count`` join several series; ``rate`` is their sum's growth per
second since the look before.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mainstay.domain.saying import say

FUNCTIONS = ("sum", "max", "min", "avg", "count", "rate")
_WHOLE = re.compile(r"\s*(?:([a-z]+)\s*\(\s*)?([a-zA-Z_:][\w:]*)\s*(?:\{(.*)\})?\s*(\))?\s*", re.ASCII | re.DOTALL)
_MATCHER = re.compile(r'\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(,|$)', re.ASCII | re.DOTALL)
_ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n"}


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label; a label that is not there counts as empty."""

    label: str
    equal: bool
    pattern: re.Pattern[str]

    def holds(self, labels: Mapping[str, str]) -> bool:
        return (self.pattern.fullmatch(labels.get(self.label, "")) is not None) is self.equal


@dataclass(frozen=True, slots=True)
class Selector:
    """``function`` is empty where exactly one series is meant."""

    name: str
    function: str = ""
    matchers: tuple[Matcher, ...] = ()

    def chooses(self, labels: Mapping[str, str]) -> bool:
        return all(matcher.holds(labels) for matcher in self.matchers)

    def join(self, values: Iterable[float]) -> float:
        """One number of the chosen series' values, of which there is at least one. ValueError where one is meant and
        several were found."""
        found = list(values)
        match self.function:
            case "sum" | "rate":
                return sum(found)
            case "max":
                return max(found)
            case "min":
                return min(found)
            case "avg":
                return sum(found) / len(found)
            case "count":
                return float(len(found))
        if len(found) > 1:
            raise ValueError(say(
                "%(n)s series of %(name)s match; write sum(%(name)s…), max, min, avg or count",
                n=len(found), name=self.name,
            ))  # fmt: skip
        return found[0]


def parse_selector(text: str) -> Selector:
    """Raises ValueError, saying what would be right."""
    whole = _WHOLE.fullmatch(text)
    if whole is None or bool(whole[1]) != bool(whole[4]):
        raise ValueError(f'{text!r} is no selector; write such as sum(http_requests_total{{code=~"5.."}})')
    function, name, inside, _ = whole.groups()
    if function and function not in FUNCTIONS:
        raise ValueError(f"{function} is not known; write {', '.join(FUNCTIONS)}")
    return Selector(name, function or "", _matchers(inside or "", text))


def _matchers(inside: str, text: str) -> tuple[Matcher, ...]:
    found, at = [], 0
    while at < len(inside.rstrip()):
        one = _MATCHER.match(inside, at)
        if one is None:
            raise ValueError(f'{text!r}: write matchers such as {{code="500", path=~"/api/.*"}}')
        label, operator, raw, _ = one.groups()
        value = re.sub(r'\\["\\n]', lambda escape: _ESCAPES[escape[0]], raw)
        try:
            pattern = re.compile(value if "~" in operator else re.escape(value), re.DOTALL)
        except re.error as error:
            raise ValueError(f"{text!r}: {value!r} is no regular expression: {error}") from None
        found.append(Matcher(label, not operator.startswith("!"), pattern))
        at = one.end()
    return tuple(found)
