"""A business flow as the page draws it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from mainstay.catalogue.models import Check
from mainstay.domain.flow import Words, step_words
from mainstay.monitoring import queries as monitoring
from mainstay.monitoring.models import Observation
from mainstay.web import flow_picture

FIRST = 5
"""Stuck cases on a page that is about more than the flow."""


def called(case: dict[str, Any], titles: dict[str, dict[str, str]]) -> dict[str, Any]:
    """A case with its state as people call it; what has no title keeps its name."""
    return {**case, "state": titles.get(case["state"], case["state"])}


def drawn(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """The newest picture of each flow; ``picture`` None before the first. ``drawing`` is drawn when it is asked for."""
    found = monitoring.pictures([check.pk for check in checks])
    return [_drawn(check, found.get(check.pk)) for check in checks]


def briefly(flow: dict[str, Any]) -> dict[str, Any]:
    """The same with its first stuck cases only, and how many more there are."""
    return {**flow, "first": flow["cases"][:FIRST], "more": len(flow["cases"][FIRST:])}


def _drawn(check: Check, found: Observation | None) -> dict[str, Any]:
    picture = found.payload if found else None
    stages = picture["stages"] if picture else []
    moves, detours = (picture.get(key, []) if picture else [] for key in ("moves", "detours"))
    titles = {stage["name"]: stage["title"] for stage in stages if stage.get("title")}
    currency = check.system.document.get("currency") or ""
    return {
        "check": check,
        "picture": picture,
        "stages": stages,
        "titles": titles,
        "drawing": partial(flow_picture.draw, stages, moves, detours, currency),
        "cases": [called(one, titles) for one in picture["stuck"]] if picture else [],
        "detours": [_detour(one, titles) for one in detours],
        "at": found.at if found else None,
        "stuck_amount": sum(stage["stuck_amount"] for stage in stages),
        "stuck": sum(stage["stuck"] for stage in stages),
    }


def _detour(one: Mapping[str, Any], titles: Mapping[str, Words]) -> dict[str, Any]:
    """A step off the path, in words; what was masked of it stays so."""
    at = one["at"]
    return {
        "case": one["case"],
        "step": step_words(one["from"], one["to"], titles),
        "kind": "back" if one["backward"] else "skip",
        "at": datetime.fromtimestamp(at, UTC) if isinstance(at, int | float) else None,
    }
