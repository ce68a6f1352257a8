"""The stored catalogue as files again. Applied, they change nothing; remarks are not kept."""

from typing import Any

from mainstay.catalogue import queries
from mainstay.catalogue.models import Arrangement
from mainstay.domain.document_forms import Mapping
from mainstay.domain.document_levels import KINDS
from mainstay.domain.on_call import ARRANGEMENTS
from mainstay.domain.yaml_text import write

SHARED = "shared.yaml"


def files() -> dict[str, str]:
    """File name → YAML text: one file a system, named as it was, and one for what is no system's."""
    found: dict[str, str] = {}
    for system, document in queries.originals():
        name = system.source if system.source and system.source not in found else f"{system.name}.yaml"
        found[name] = write(document)
    if shared := _shared():
        found[_free(SHARED, found)] = write(shared)
    return found


def _shared() -> dict[str, Any]:
    parts = {
        "channels": {row.name: _short(row.document) for row in queries.channels()},
        "calendars": {row.name: _short(row.document) for row in queries.calendars()},
        "stores": {row.name: _short(row.document) for row in queries.stores()},
        **{f"{kind}s": {row.name: short_form(row) for row in queries.arrangements(kind)} for kind in ARRANGEMENTS},
        **{
            key: {row.name: _said(row.document, model) for row in queries.practices(kind)}
            for key, (kind, model) in KINDS.items()
        },
    }
    desk = queries.help_desk()
    written = _short(desk.document) if desk else {}
    if box := written.get("imap"):
        written["imap"] = _short(box)
    return {key: value for key, value in {**parts, "help_desk": written}.items() if value}


def short_form(row: Arrangement) -> dict[str, Any]:
    """As a user writes it: without what stands there by default."""
    return ARRANGEMENTS[row.kind].model_validate(row.document).model_dump(mode="json", exclude_defaults=True)


def _short(document: dict[str, Any]) -> dict[str, Any]:
    """Without the keys that say nothing."""
    return {key: value for key, value in document.items() if value not in ([], "", None)}


def _said(document: dict[str, Any], model: type[Mapping]) -> dict[str, Any]:
    """Without what stands there by default."""
    return model.model_validate(document).model_dump(mode="json", exclude_defaults=True)


def _free(name: str, taken: dict[str, str]) -> str:
    stem, number = name.removesuffix(".yaml"), 2
    while name in taken:
        name, number = f"{stem}-{number}.yaml", number + 1
    return name
