"""Text of others, such as a log, as it may be kept: without what looks like a secret, and without those that are known.

What is taken out cannot be brought back, so in doubt it goes. It is no proof that nothing secret is left: a password
that is written without a word that names it looks like any other word.
"""

import re
from collections.abc import Iterable

from mainstay.domain.evidence import MASKED

_SHORTEST = 4
"""Known secrets shorter than this would take out half of every text."""
_NAME = r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|(?:api|access|private)[_-]?key|credential|session(?:id)?)"
_PATTERNS = (
    # a whole private key, also one that was cut off
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]*://[^/\s:@]*:)[^/\s@]+(?=@)", re.IGNORECASE),
    re.compile(
        r"(?P<keep>\b(?:authorization|proxy-authorization|cookie|set-cookie)\b[\"']?\s*[:=]\s*).+", re.IGNORECASE
    ),
    re.compile(r"(?P<keep>\bbearer\s+)[\w.~+/=-]{8,}", re.IGNORECASE),
    re.compile(
        rf"(?P<keep>[\w-]*{_NAME}[\w-]*[\"']?\s*[:=]\s*)(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s,;&\"')}}\]]+)",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<keep>\b(?:identified\s+by|password)\s+)'(?:[^']|'')*'", re.IGNORECASE),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),  # a JSON Web Token
)
_LITERAL = re.compile(r"'(?:[^']|'')*(?:'|\Z)|\$(\w*)\$.*?(?:\$\1\$|\Z)", re.DOTALL)


def redacted(text: str, known: Iterable[str] = ()) -> str:
    """The text without secrets; ``known`` are values that must not be in it, whatever stands before them."""
    for value in sorted((one for one in known if len(one) >= _SHORTEST), key=len, reverse=True):
        text = text.replace(value, MASKED)
    for pattern in _PATTERNS:
        text = pattern.sub(_kept, text)
    return text


def without_literals(statement: str) -> str:
    """An SQL statement without the texts in it, which are somebody's data; numbers stay."""
    return _LITERAL.sub(f"'{MASKED}'", statement)


def _kept(found: re.Match[str]) -> str:
    return f"{found.groupdict().get('keep') or ''}{MASKED}"
