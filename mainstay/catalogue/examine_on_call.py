"""Is what a catalogue says of teams, rotations, escalations and vendors right? Every name must exist.

People are not asked for: a catalogue may be there before their accounts are. The page of who is on call says which of
them nobody has.
"""

from collections.abc import Callable, Collection, Sequence

from mainstay.catalogue.page import Page
from mainstay.domain import document, on_call
from mainstay.domain.difference import ObjectKey
from mainstay.domain.document_forms import Mapping
from mainstay.domain.placeholder import Path

Names = Callable[[str], Collection[str]]
"""The names of a part of a catalogue: ``channels``, ``rotations`` …"""


def examine_arrangements(page: Page, names: Names) -> dict[ObjectKey, Mapping]:
    """All of one file."""
    found: dict[ObjectKey, Mapping] = {}
    for kind, model in on_call.ARRANGEMENTS.items():
        for name, value in page.mapping(f"{kind}s").items():
            way: Path = (f"{kind}s", name)
            one = page.named(model, name, value, way)
            if isinstance(one, on_call.Rotation):
                _rotation(page, way, one, names)
            if isinstance(one, on_call.Escalation):
                _escalation(page, way, one, names)
            if isinstance(one, on_call.Vendor):
                page.zone((*way, "timezone"), one.timezone)
            if one is not None:
                found[kind, name] = one
    return found


def _rotation(page: Page, way: Path, rotation: on_call.Rotation, names: Names) -> None:
    page.zone((*way, "timezone"), rotation.timezone)
    if rotation.calendar:
        page.exists((*way, "calendar"), rotation.calendar, "calendar", names("calendars"))
    if rotation.team:
        page.exists((*way, "team"), rotation.team, "team", names("teams"))
    for index, layer in enumerate(rotation.layers):
        if layer.timezone:
            page.zone((*way, "layers", index, "timezone"), layer.timezone)
        if layer.holidays != "as-usual" and not rotation.calendar:
            right = "name a calendar of the rotation"
            page.flaw((*way, "layers", index, "holidays"), "no calendar says which days are holidays", right)


def _escalation(page: Page, way: Path, escalation: on_call.Escalation, names: Names) -> None:
    for index, step in enumerate(escalation.steps):
        page.zone((*way, "steps", index, "timezone"), step.timezone)
        _targets(page, (*way, "steps", index, "call"), step.call, names)
    _targets(page, (*way, "nobody"), escalation.nobody, names)


def examine_called(page: Page, header: document.System, names: Names) -> None:
    """Whom a system calls, and who responds for it."""
    escalated = header.escalation
    chosen = {"": escalated} if isinstance(escalated, str) else escalated.model_dump() if escalated else {}
    for level, name in chosen.items():
        if name:
            page.exists(("escalation", *([level] if level else [])), name, "escalation", names("escalations"))
    for role, target in header.response_team.model_dump().items():
        if target:
            _targets(page, ("response_team", role), [target], names)


def _targets(page: Page, way: Path, targets: Sequence[str], names: Names) -> None:
    for index, target in enumerate(targets):
        kind, name = on_call.parse_target(target)
        if kind != "person":
            page.exists((*way, index), name, kind, names(f"{kind}s"))
