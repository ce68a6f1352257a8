"""A system's own plan for its inspection sheet: the template, its packs and what it says itself."""

from collections.abc import Iterable, Mapping

from mainstay.catalogue import packs
from mainstay.catalogue.models import System
from mainstay.catalogue.sources import Invalid
from mainstay.catalogue.template import template
from mainstay.domain.document import Inspection
from mainstay.domain.inspection import Plan, plan
from mainstay.domain.pack import PackBook


def own(system: System) -> Inspection:
    """What a system says of its inspection; the defaults where it says nothing."""
    return Inspection.model_validate(system.document.get("inspection") or {})


def plan_of(system: System, used: Iterable[str]) -> Plan:
    """The system's plan: the template, what the packs in use add, and its own."""
    books = _books()
    added = [books[name].pack.inspection for name in sorted(set(used)) if name in books]
    return plan([template(), *added], own(system))


def _books() -> Mapping[str, PackBook]:
    """A pack of the workspace that somebody is just writing must not cost the day's sheet."""
    try:
        return packs.find()
    except Invalid:
        return packs.find((packs.BUILT_IN,))
