"""A business flow as the page draws it."""

from typing import Any

from mainstay.catalogue.models import Check
from mainstay.monitoring import queries as monitoring


def called(case: dict[str, Any], titles: dict[str, dict[str, str]]) -> dict[str, Any]:
    """A case with its state as people call it; what has no title keeps its name."""
    return {**case, "state": titles.get(case["state"], case["state"])}


def drawn(check: Check) -> dict[str, Any]:
    """The newest picture of a flow with the fullest stage as the measure of all; ``picture`` None before the first."""
    found = monitoring.observation(check.pk)
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
