"""``${NAME}`` in settings: where it may stand, what it fills in, and which words look like a secret in clear."""

import re
from collections.abc import Callable, Iterator
from typing import Any

SECRET_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")
_PLACEHOLDER = re.compile(r"\$\{(" + SECRET_NAME.pattern + r")\}")
_ANY = re.compile(r"\$\{[^}]*\}?")
_SECRET_KEY = re.compile(
    r"(?:^|[_-])(?:authorization|password|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)$",
    re.I,
)
_SECRET_URL = re.compile(r"^[a-z][a-z0-9+.-]*://[^/@:\s]*:(?P<password>[^/@\s]+)@", re.I)
_SECRET_PARAMETER = re.compile(r"[?&](?:access_token|token|key|sign|secret)=(?P<value>[^&\s]+)", re.I)

Path = tuple[str | int, ...]


class Unfilled(LookupError):
    """Nothing is known under a name; ``str()`` says how to make it known."""


def has_placeholder(value: Any) -> bool:
    """Whether anything in ``value`` is still to be filled in."""
    return any("${" in text for _, text in texts(value))


def malformed(text: str) -> str:
    """The first ``${…`` that is not in the form; empty if all are."""
    return next((found[0] for found in _ANY.finditer(text) if not _PLACEHOLDER.fullmatch(found[0])), "")


def fill(value: Any, lookup: Callable[[str], str]) -> Any:
    """A copy of ``value`` with every ``${NAME}`` replaced; ``lookup`` raises Unfilled for a name that is unknown."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: lookup(found[1]), value) if "${" in value else value
    if isinstance(value, dict):
        return {key: fill(child, lookup) for key, child in value.items()}
    if isinstance(value, list):
        return [fill(child, lookup) for child in value]
    return value


def names(value: Any) -> set[str]:
    """Every NAME that ``value`` asks for."""
    return {found[1] for _, text in texts(value) for found in _PLACEHOLDER.finditer(text)}


def texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every string in ``value`` with the way to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from texts(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from texts(child, (*path, index))


_STEP_VALUE = re.compile(r"\{(b64:)?[a-z_][a-z0-9_:]*\}")
"""What a transaction's later step takes from an earlier one: ``{password}``, ``{b64:login:id:key}``."""


def looks_secret(path: Path, text: str) -> bool:
    """Whether ``text`` is a password or the like, written in clear."""
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    if _SECRET_KEY.search(key):
        return bool(text) and not _PLACEHOLDER.search(text) and not _STEP_VALUE.search(text)
    found = _SECRET_URL.match(text)
    return bool(found) and not _PLACEHOLDER.search(found["password"] if found else "")


def may_hold_secret(text: str) -> bool:
    """Whether ``text`` is an address with an access token in it: pasted hook addresses are accepted, with a warning."""
    found = _SECRET_PARAMETER.search(text)
    return bool(found) and "${" not in (found["value"] if found else "")
