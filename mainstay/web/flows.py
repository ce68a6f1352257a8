"""A business flow as the page draws it."""

from collections.abc import Sequence
from typing import Any

from mainstay.catalogue.models import Check
from mainstay.monitoring import queries as monitoring
from mainstay.monitoring.models import Observation


def called(case: dict[str, Any], titles: dict[str, dict[str, str]]) -> dict[str, Any]:
    """A case with its state as people call it; what has no title keeps its name."""
    return {**case, "state": titles.get(case["state"], case["state"])}


def drawn(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """The newest picture of each flow, the fullest stage the measure of all; ``picture`` None before the first."""
    found = monitoring.pictures([check.pk for check in checks])
    return [_drawn(check, found.get(check.pk)) for check in checks]


def _drawn(check: Check, found: Observation | None) -> dict[str, Any]:
    picture = found.payload if found else None
    stages = picture["stages"] if picture else []
    titles = {stage["name"]: stage["title"] for stage in stages if stage.get("title")}
    return {
        "check": check,
        "picture": picture,
        "stages": stages,
        "titles": titles,
        "cases": [called(one, titles) for one in picture["stuck"]] if picture else [],
        "most": max((stage["cases"] for stage in stages if not stage["final"]), default=0) or 1,
        "at": found.at if found else None,
        "stuck_amount": sum(stage["stuck_amount"] for stage in stages),
        "stuck": sum(stage["stuck"] for stage in stages),
    }
