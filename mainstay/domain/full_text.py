"""Full-text search in Chinese and English that finds the same on every database.

A text is broken into *grams* short enough to be looked up for equality: of a word its first one, two and three letters,
of a run of Chinese (or Japanese, Korean) characters each one and each two that stand together. A database keeps the
grams as plain rows and says which texts have those of a query; what really has its words is judged here, on the text
itself. So a query of two Chinese characters is found, a word is found by its beginning, and no database's own idea of a
word, of order or of case takes part. Traditional Chinese is told as Simplified (``han``), so that either is found by
the other; what is marked and shown is the text as it was written (``docs/decisions/0013-full-text.md``).
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from mainstay.domain import han

_WIDE = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_PIECE = re.compile(rf"[{_WIDE}]+|[^\W_{_WIDE}]+")
_BEGINNING = 3
MOST_WORDS = 12
"""Words of a query that are looked for; what comes after is left out."""
AROUND = 60
"""Characters of an excerpt before and after what was found."""
_TITLE, _WHOLE, _OFTEN = 5, 20, 5
"""What a hit in the title counts, what the whole query in one piece counts there, and how many hits in the text do."""
ENOUGH = 0.5
"""The share of a question that an article must have to be offered where nothing has all of it."""
_SMALL = re.compile(
    "a|an|and|are|as|at|be|but|by|can|cannot|could|do|does|don|for|from|had|has|have|how|i|if|in|is|it|its|me|my|no|not"
    "|of|on|or|our|please|so|that|the|there|this|to|us|was|we|were|what|when|where|which|who|why|will|with|you|your"
)
_FILLER = re.compile(
    "怎么办|怎么|怎样|如何|为什么|什么|为何|无法|不能|不了|没有|可以|请问|我们|你们"
    "|[的了吗呢吧啊我你您他她它们是在就都也很请把被和与及或有不]"
)
"""Words that questions are made of and that say nothing of what they are about."""


_SIGNS = re.compile(r"^[ \t]*(?:#{1,6}|[-*>]|\d+\.)[ \t]+|[*`]", re.MULTILINE)
"""Of Markdown: headings, lists, quotations, emphasis, code."""


def plain(text: str) -> str:
    """The text with full-width letters made narrow and the like (NFKC), so that both are found by either."""
    return unicodedata.normalize("NFKC", text)


def _is_wide(piece: str) -> bool:
    return re.match(f"[{_WIDE}]", piece) is not None


def grams(*texts: str) -> set[str]:
    """What a database keeps of some texts."""
    found: set[str] = set()
    for text in texts:
        low = plain(text).lower()
        for piece in chain(_PIECE.findall(han.folded(low)), _PIECE.findall(han.canonical(low))):
            if _is_wide(piece):
                found.update(piece)
                found.update(_pairs(piece))
            else:
                found.update(piece[:length] for length in range(1, _BEGINNING + 1))
    return found


def _pairs(piece: str) -> list[str]:
    return [piece[place : place + 2] for place in range(len(piece) - 1)]


@dataclass(frozen=True)
class Query:
    """What somebody looks for. ``words`` are its pieces, each of which must be there."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Query":
        pieces = _PIECE.findall(han.canonical(plain(text).lower()))
        return cls(tuple(dict.fromkeys(pieces))[:MOST_WORDS])

    @property
    def grams(self) -> tuple[str, ...]:
        """What a text must have to be looked at."""
        return tuple(sorted({gram for word in self.words for gram in _needed(word)}))

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        return [_pattern(word) for word in self.words]

    def judge(self, title: str, body: str) -> int:
        """How well a text fits, 0 when a word is missing. More is better; the title weighs most."""
        title, body, score = plain(title), plain(body), 0
        for pattern in self._patterns:
            named, often = len(pattern.findall(title)), min(len(pattern.findall(body)), _OFTEN)
            if not named and not often:
                return 0
            score += _TITLE * min(named, 2) + often
        return score + (_WHOLE if "".join(self.words) in "".join(_PIECE.findall(han.canonical(title.lower()))) else 0)

    @property
    def core(self) -> tuple[str, ...]:
        """Grams of the words that carry a question."""
        said = [part for word in self.words if not _SMALL.fullmatch(word) for part in _FILLER.split(word) if part]
        return tuple(sorted({gram for part in said for gram in _needed(part)}))

    def nearly(self, title: str, body: str) -> int:
        """How much of a question a text has, in hundredths, the title counting once more; 0 for less than half. A
        question is whole sentences, of which hardly any text has every word."""
        wanted = self.core
        if not wanted:
            return 0
        has, named = grams(title, body), grams(title)
        share = sum(gram in has for gram in wanted) / len(wanted)
        return round(100 * share + 100 * sum(gram in named for gram in wanted) / len(wanted)) if share >= ENOUGH else 0

    @cached_property
    def _telling(self) -> list[re.Pattern[str]]:
        """What is marked: of a question not the small words, unless there are no others."""
        return [_pattern(word) for word in self.words if not _SMALL.fullmatch(word)] or self._patterns

    def marked(self, text: str) -> list[tuple[str, bool]]:
        """The text in pieces, each with whether it was looked for."""
        spans = _joined(span for pattern in self._telling for span in _spans(pattern, text))
        pieces, at = list[tuple[str, bool]](), 0
        for start, end in spans:
            pieces += [(text[at:start], False), (text[start:end], True)]
            at = end
        return [(piece, hit) for piece, hit in [*pieces, (text[at:], False)] if piece]

    def excerpt(self, body: str) -> list[tuple[str, bool]]:
        """What stands around the first hit in a text, or its beginning, without the signs of Markdown; ``marked``."""
        text = " ".join(_SIGNS.sub("", plain(body)).split())
        first = min((span[0] for pattern in self._telling for span in _spans(pattern, text)[:1]), default=0)
        start, end = max(0, first - AROUND), first + 2 * AROUND
        cut = ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
        return self.marked(cut)


def _needed(word: str) -> Sequence[str]:
    if not _is_wide(word):
        return [word[:_BEGINNING]]
    return _pairs(word) or [word]


def _pattern(word: str) -> re.Pattern[str]:
    """A word by its beginning; Chinese anywhere, in all its spellings."""
    return re.compile(han.spelt(word) if _is_wide(word) else rf"(?<![^\W_{_WIDE}]){re.escape(word)}", re.IGNORECASE)


def _spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [found.span() for found in pattern.finditer(text)]


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order, those that touch made one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found
