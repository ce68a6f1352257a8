"""Words that are looked up once a language, for pages say the same ones in every row."""

from collections.abc import Callable
from functools import lru_cache, wraps

from django.utils.translation import get_language

_MOST = 2_000


def once_a_language(tell: Callable[[str], str]) -> Callable[[str], str]:
    """The same words for the same code: what is translated stands in files that a process reads once."""
    known = lru_cache(_MOST)(lambda _language, code: tell(code))

    @wraps(tell)
    def told(code: str) -> str:
        return known(get_language(), code)

    return told
