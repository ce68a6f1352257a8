"""Sentences that are said in the reader's language although nobody knows him where they are made.

A refusal is raised deep inside in English, for programs and logs; the face that shows it to a person says it anew. So
it keeps its text and what is filled in apart. ``make messages`` finds every ``say(…)``.
"""

from collections.abc import Callable
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
    made = Saying(text % values if values else text)
    made.text, made.values = text, values
    return made


def said(thing: Any, translate: Translate) -> str:
    """What a saying, or an error that was raised with one, says; the plain text of anything else."""
    words = thing.args[0] if isinstance(thing, Exception) and thing.args else thing
    return words.into(translate) if isinstance(words, Saying) else str(thing)
