"""Are the remedies of one system right? The packs' and the user's own, laid over each other.

Whether the runbook exists and can be a remedy is asked where runbooks are known (``remedies/examine.py``).
"""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from mainstay.catalogue.page import Page
from mainstay.domain.complaint import nearest
from mainstay.domain.document_remedies import Remedy
from mainstay.domain.placeholder import Path
from mainstay.domain.remedy import names

Unfolded = Mapping[str, tuple[dict[str, Any], Path]]
"""Full name → the plain remedy of a pack, and the place that brought it in."""


def examine_remedies(
    page: Page, unfolded: Unfolded, components: Collection[str], checks: Collection[str]
) -> dict[str, Remedy]:
    """All remedies of the system that are enabled and right. A pack's is left out where the user has left out its
    checks."""
    own = page.mapping("remedies")
    found: dict[str, Remedy] = {}

    def take(name: str, plain: Any, way: Path) -> None:
        remedy = page.model(Remedy, plain, way)
        if remedy is None or not remedy.enabled:
            return
        if remedy.on is not None:
            page.exists((*way, "on"), remedy.on, "component", components)
        if any(names(remedy, check) for check in checks):
            found[name] = remedy
        elif name in own:
            page.flaw((*way, "checks"), "no check has such a name", nearest(remedy.checks[0], checks))

    for name, (plain, place) in unfolded.items():
        if name not in own:
            take(name, plain, (*place, name))
    for name, value in own.items():
        way: Path = ("remedies", name)
        plain = {} if value is None else value
        if name in unfolded and isinstance(plain, dict):
            take(name, {**unfolded[name][0], **plain}, way)
        elif "." in name:
            page.flaw(way, f"no pack gives a remedy {name!r}", nearest(name, unfolded), on_key=True)
        elif page.is_name(name, way):
            take(name, plain, way)
    return found


def flaw_of_pack(remedy: Mapping[str, Any], checks: Collection[str]) -> str:
    """What is wrong with a pack's remedy, tried with its defaults; empty if nothing is."""
    try:
        found = Remedy.model_validate(remedy)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return "" if any(names(found, check) for check in checks) else "no check of the pack has such a name"
