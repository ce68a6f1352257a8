"""Are the entries of a shared document on levels right? Each under its name, its keys by its model."""

from typing import Any

from mainstay.catalogue.page import Page
from mainstay.domain.difference import ObjectKey
from mainstay.domain.document_levels import KINDS


def examine_practices(page: Page) -> dict[ObjectKey, dict[str, Any]]:
    """Kind and name → the entry whole, of those that can be read; flaws are added for the others."""
    found: dict[ObjectKey, dict[str, Any]] = {}
    for key, (kind, model) in KINDS.items():
        for name, value in page.mapping(key).items():
            if entry := page.named(model, name, value, (key, name)):
                found[kind, name] = entry.model_dump(mode="json")
    return found
