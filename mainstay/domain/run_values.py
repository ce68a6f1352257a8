"""What ``${…}`` means in a runbook: small letters are values of the run, capitals are secrets.

Both are filled in at once, so that nothing which a value holds is taken for a name again. There is no language in
it: a name, or a step and one of its outputs.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mainstay.domain.placeholder import SECRET_NAME, texts
from mainstay.domain.saying import say

_NAME = r"[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)?"
_ANY = re.compile(r"\$\{(?:(?P<value>" + _NAME + r")|(?P<secret>" + SECRET_NAME.pattern + r"))\}")
_VALUE = re.compile(r"\$\{(" + _NAME + r")\}")
_STRANGE = re.compile(r"\$\{[^}]*\}?")
_CONDITION = re.compile(
    r"\s*(?P<not>not\s+)?\$\{(?P<name>" + _NAME + r")\}\s*(?:(?P<sign>==|!=|<=|>=|<|>|in)\s*(?P<right>.+?))?\s*"
)
HIDDEN = "***"
GIVEN = ("run", "system", "component", "target", "incident", "asked_by")
"""Names that every run knows."""


class Unknown(LookupError):
    """There is no such value, or not yet; ``str()`` says which."""


def fill(value: Any, values: Callable[[str], Any], secrets: Callable[[str], str]) -> Any:
    """A copy of ``value`` with every ``${…}`` filled in. A text that is nothing but one keeps its value's type."""
    if isinstance(value, str):
        return _filled(value, values, secrets) if "${" in value else value
    if isinstance(value, Mapping):
        return {key: fill(child, values, secrets) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [fill(child, values, secrets) for child in value]
    return value


def _filled(text: str, values: Callable[[str], Any], secrets: Callable[[str], str]) -> Any:
    whole = _VALUE.fullmatch(text)
    if whole:
        return values(whole[1])

    def one(found: re.Match[str]) -> str:
        return secrets(found["secret"]) if found["secret"] else written(values(found["value"]))

    return _ANY.sub(one, text)


def written(value: Any) -> str:
    """A value as it stands in a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def names(value: Any) -> Iterator[str]:
    """Every value that is asked for."""
    for _, text in texts(value):
        yield from _VALUE.findall(text)


def strange(value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every ``${…}`` that is neither a value nor a secret, with the way to it."""
    for way, text in texts(value):
        for found in _STRANGE.finditer(text):
            if not _ANY.fullmatch(found[0]):
                yield way, found[0]


def is_condition(text: str) -> bool:
    """Whether it has the form of one."""
    return _CONDITION.fullmatch(text) is not None


def condition_names(conditions: Sequence[str]) -> Iterator[str]:
    """The values that conditions ask for."""
    for text in conditions:
        if found := _CONDITION.fullmatch(text):
            yield found["name"]


def holds(conditions: Sequence[str], values: Callable[[str], Any]) -> bool:
    """Whether all of them do. A value that does not exist, such as of a step that was left out, is empty."""
    return all(_holds(text, values) for text in conditions)


def _holds(text: str, values: Callable[[str], Any]) -> bool:
    found = _CONDITION.fullmatch(text)
    if not found:
        raise ValueError(say("%(text)s is not a condition", text=text))
    try:
        left = values(found["name"])
    except Unknown:
        left = None
    true = _compared(left, found["sign"], found["right"]) if found["sign"] else _is_true(left)
    return true is not bool(found["not"])


def _is_true(value: Any) -> bool:
    return value not in (None, "", "false", "0", 0) and value is not False


def _compared(left: Any, sign: str, right: str) -> bool:
    word = right.strip().strip("'\"")
    if sign == "in":
        return written(left) in [one.strip().strip("'\"") for one in right.split(",")]
    if sign in ("==", "!="):
        same = _number(left) == _number(word) if _number(word) is not None else written(left) == word
        return same is (sign == "==")
    a, b = _number(left), _number(word)
    if a is None or b is None:
        return False
    return {"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[sign]


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None
