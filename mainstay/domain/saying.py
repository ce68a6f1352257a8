"""Sentences that are said in the reader's language although nobody knows him where they are made.

A refusal, or why a look failed, is made deep inside in English, for programs and logs; the face that shows it to a
person says it anew. So it keeps its text and what is filled in apart, also where it is stored. ``make messages`` finds
every ``say(…)``.
"""

from collections.abc import Callable, Mapping
from typing import Any

Translate = Callable[[str], str]


class Saying(str):
    """An English sentence that knows how it was made."""

    text: str
    values: dict[str, Any]

    def into(self, translate: Translate) -> str:
        """The sentence in the language of ``translate``, sayings that are filled into it as well."""
        words = {name: said(value, translate) for name, value in self.values.items()}
        return translate(self.text) % words if words else translate(self.text)


def say(text: str, /, **values: Any) -> Saying:
    """``text`` with ``%(name)s`` where a value belongs; both stand in the catalogues of words as they are here."""
    return _made(text, values)


def _made(text: str, values: dict[str, Any]) -> Saying:
    made = Saying(text % values if values else text)
    made.text, made.values = text, values
    return made


def said(thing: Any, translate: Translate) -> str:
    """What a saying, or an error that was raised with one, says; the plain text of anything else."""
    words = words_of(thing) if isinstance(thing, Exception) else thing
    return words.into(translate) if isinstance(words, Saying) else str(thing)


def words_of(error: Exception) -> str:
    """What an error was raised with: its saying where there is one, for ``str(error)`` keeps but the English."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, Saying) else str(error)


def changed(words: str, change: Callable[[str], str]) -> str:
    """The words, what others wrote in them changed: the values of a saying, or the whole of a plain text."""
    if not isinstance(words, Saying):
        return change(words)
    values = words.values.items()
    return _made(words.text, {name: changed(one, change) if isinstance(one, str) else one for name, one in values})


def stored(words: str, longest: int) -> str | dict[str, Any]:
    """As JSON can keep it until it is ``restored``: a saying as its text and values, each up to so many letters."""
    if not isinstance(words, Saying):
        return str(words)[:longest]
    return {"text": words.text, "values": {name: _value(one, longest) for name, one in words.values.items()}}


def _value(value: Any, longest: int) -> Any:
    return value if isinstance(value, int | float) else stored(value if isinstance(value, str) else str(value), longest)


def restored(kept: Any) -> str:
    """What was stored, as it was; a text that was kept before sayings were is plain."""
    if not isinstance(kept, Mapping):
        return str(kept or "")
    values = kept.get("values") or {}
    return _made(
        str(kept.get("text", "")),
        {name: one if isinstance(one, int | float) else restored(one) for name, one in values.items()},
    )
