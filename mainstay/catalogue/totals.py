"""Control totals of a component: from the packs that its system uses, with the parameters that it gives them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mainstay.catalogue import packs
from mainstay.catalogue.models import Component, Original
from mainstay.domain.pack import Unfoldable, Value, control_totals


def totals_of(component: Component) -> dict[str, str]:
    """Name → SELECT; of several packs that have one of the same name, each bears its pack's name before it."""
    original = Original.objects.filter(system=component.system_id).first()
    written = json.loads(original.text) if original else {}
    books = packs.find()
    found: dict[str, str] = {}
    for part, pack, given in _uses(written):
        if (book := books.get(pack)) is None:
            continue
        try:
            on, queries = control_totals(book, part, given)
        except Unfoldable:  # the catalogue was applied with another version of this pack
            continue
        if on == component.name:
            found |= {f"{pack}.{name}" if name in found else name: text for name, text in queries.items()}
    return found


def _uses(written: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Value]]]:
    """Each use of a pack: the component that uses it, the pack, and its parameters."""
    for part, component in (written.get("components") or {}).items():
        for use in component.get("packs") or []:
            if isinstance(use, str):
                yield part, use, {}
            else:
                yield from ((part, pack, given or {}) for pack, given in use.items())
