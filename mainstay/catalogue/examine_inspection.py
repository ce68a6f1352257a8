"""Is what a system or a pack says of its inspection right? Every name must exist in one of the layers."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from mainstay.catalogue.template import template
from mainstay.domain.complaint import nearest
from mainstay.domain.document import Inspection, InspectionPart
from mainstay.domain.placeholder import Path

Report = Callable[[Path, str, str], None]
"""Where, what is wrong, what would be right."""


def examine_part(part: InspectionPart, below: Sequence[InspectionPart], report: Report) -> None:
    """``below`` are the layers that the part lies on; the template is always the lowest."""
    layers = [template(), *below, part]
    sections = {name for layer in layers for name in layer.sections}
    items = {
        name: [layer.items[name] for layer in layers if name in layer.items] for layer in layers for name in layer.items
    }
    for name, item in part.items.items():
        if item.section and item.section not in sections:
            report(("items", name, "section"), f"there is no section {item.section!r}", nearest(item.section, sections))
        for key, right in (("section", "name one"), ("checks", "say which, such as checks: {kind: tls}")):
            if all(getattr(one, key) is None for one in items[name]):
                what = f"the item {name!r} is new and has no {key}"
                report(("items", name), what, nearest(name, _others(items, name)) or right)
    for name, section in part.sections.items():
        _known(section.order, items, ("sections", name, "order"), "item", report)
    if isinstance(part, Inspection):
        _known(part.order, sections, ("order",), "section", report)


def _others(items: Mapping[str, object], name: str) -> list[str]:
    """Names that may have been meant."""
    return [one for one in items if one != name and one[:3] == name[:3]]


def _known(names: Sequence[str], known: Collection[str], way: Path, what: str, report: Report) -> None:
    for index, name in enumerate(names):
        if name not in known:
            report((*way, index), f"there is no {what} {name!r}", nearest(name, known))


def flaws_of_pack(part: InspectionPart) -> Iterator[tuple[Path, str, str]]:
    """Of a pack alone."""
    found: list[tuple[Path, str, str]] = []
    examine_part(part, [], lambda *flaw: found.append(flaw))
    return iter(found)
