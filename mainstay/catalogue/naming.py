"""How rows are asked for by a word: in any of their columns, in Simplified Chinese by Traditional as well."""

from collections.abc import Iterable

from django.db.models import Q

from mainstay.domain.han import canonical, folded, spellings


def says(text: str, columns: Iterable[str] = (), titles: Iterable[str] = ()) -> Q:
    """Rows of which a column holds a text, or a title in any language."""
    ways = [*columns, *(f"{title}__{language}" for title in titles for language in ("en", "zh", "zh-hant"))]
    found = Q()
    for spelling in spellings(text):
        for way in ways:
            found |= Q(**{f"{way}__icontains": spelling})
    return found


def numbered(text: str) -> Q:
    """The row of which a text is the number; of another text nothing is asked."""
    return Q(pk=int(text)) if text.isdecimal() and len(text) < 19 else Q()


def holds(said: str, text: str) -> bool:
    """The same of words that are at hand."""
    return canonical(text).lower() in canonical(said).lower() or folded(text).lower() in folded(said).lower()
