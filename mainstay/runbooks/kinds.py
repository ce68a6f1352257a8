"""What the drivers tell about kinds of steps."""

from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from mainstay.domain.run_plan import Manner
from mainstay.domain.runbook import PARALLEL, RUN, Branches, Inner
from mainstay.drivers import steps


@cache
def step_kinds() -> tuple[str, ...]:
    """Names that may stand at ``kind:`` of a step."""
    return tuple(sorted([*steps.kinds(), PARALLEL, RUN]))


def settings_model(kind: str) -> type[BaseModel]:
    """The model of the keys that the kind adds; KeyError for an unknown one."""
    if kind in (PARALLEL, RUN):
        return Branches if kind == PARALLEL else Inner
    model: type[BaseModel] = steps.load(kind).Settings
    return model


def module(kind: str) -> ModuleType:
    """KeyError for an unknown one, and for one that only holds other steps."""
    return steps.load(kind)


def fixed(kind: str) -> tuple[str, ...]:
    """Keys in which no value of the run may stand."""
    found: tuple[str, ...] = steps.load(kind).FIXED
    return found


def acting_kinds() -> dict[str, bool]:
    """Kind of step → whether it does something, be it after it has asked."""
    return {kind: hasattr(steps.load(kind), "perform") for kind in steps.kinds()}


def _manner(kind: str, settings: Mapping[str, Any]) -> tuple[bool, bool]:
    found = steps.load(kind)
    return bool(found.repeatable(dict(settings))), bool(found.asks(dict(settings)))


manner: Manner = _manner
