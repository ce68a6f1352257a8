"""A system as its user wrote it, with some keys of one check changed: only those keys, and nothing else, differ."""

from collections.abc import Mapping
from typing import Any

from mainstay.domain.draft import languages

KEYS = (
    "title", "every", "timeout", "warn", "crit", "during", "failures", "missing", "category", "impact", "help",
    "evidence", "mask", "enabled",
)  # fmt: skip
"""What may be changed of a check by itself. What it looks at, and with which account, is its system's to say."""

_WORDS = ("title", "help")
_LISTS = ("warn", "crit", "mask")


def alike(key: str, value: Any) -> Any:
    """The value in the one form in which two of a key are compared."""
    if key in _WORDS:
        return languages(value) if isinstance(value, str | dict) else value
    if key in _LISTS and isinstance(value, str):
        return [value]
    return value


def changed(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of ``wanted`` that say another thing than ``present``."""
    return {key: value for key, value in wanted.items() if alike(key, value) != alike(key, present.get(key))}


def amend(written: Mapping[str, Any], name: str, changes: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """``written`` with ``changes`` to its check ``name``. ``base`` is what holds where the user writes nothing: the
    pack's check, or the defaults; a key that says the same as it is left out. Raises KeyError for another key."""
    if unknown := set(changes) - set(KEYS):
        raise KeyError(sorted(unknown)[0])
    checks = dict(written.get("checks") or {})
    own = dict(checks.get(name) or {})
    for key, value in changes.items():
        if alike(key, value) == alike(key, base.get(key)):
            own.pop(key, None)
        else:
            own[key] = short(key, value)
    if own:
        checks[name] = own
    else:
        checks.pop(name, None)
    rest = {key: value for key, value in written.items() if key != "checks" or checks}
    return {**rest, "checks": checks} if checks else rest


def short(key: str, value: Any) -> Any:
    """As one would write it by hand."""
    if key in _WORDS and isinstance(value, dict) and set(value) <= {"en"}:
        return value.get("en", "")
    if key in ("warn", "crit") and isinstance(value, list) and len(value) == 1:
        return value[0]
    return value
