"""Can the remedies of a catalogue be applied at all? Each runbook that one names, and what that asks of people."""

from collections.abc import Mapping

from mainstay.catalogue.page import Page
from mainstay.catalogue.sources import Invalid, LocatedFlaw, parse
from mainstay.domain.draft import Catalogue, DraftSystem
from mainstay.domain.run_answers import Refused
from mainstay.domain.runbook import Runbook
from mainstay.remedies.fitness import fit


def examine(files: Mapping[str, bytes], catalogue: Catalogue, documents: Mapping[str, Runbook]) -> None:
    """``files`` are those that the catalogue was read from. Raises Invalid with all that is wrong."""
    if not any(draft.header.remedies for draft in catalogue.systems.values()):
        return
    flaws: list[LocatedFlaw] = []
    pages = {name: Page(name, node, flaws) for name, node in parse(files, []).items()}
    for draft in catalogue.systems.values():
        if (page := pages.get(draft.source)) is not None:
            _examine(page, draft, documents)
    flaws.sort(key=lambda one: (one.file, one.flaw.line, one.flaw.column))
    if flaws:
        raise Invalid(flaws)


def _examine(page: Page, draft: DraftSystem, documents: Mapping[str, Runbook]) -> None:
    for name, remedy in draft.header.remedies.items():
        component = draft.components.get(remedy.on or "")
        try:
            fit(remedy, documents, component.kind if component else None)
        except Refused as error:
            page.flaw(("remedies", name), f"it cannot be a remedy: {error}", "", on_key=True)
