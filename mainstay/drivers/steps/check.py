"""A check of the catalogue, looked at now: it must stand as it should."""

from typing import Any, Literal

from pydantic import Field

from mainstay.domain.saying import say
from mainstay.drivers.steps import Again, Bench, Done, StepFailed, StepSettings

FIXED: tuple[str, ...] = ()
EVERY = 1.0


class Settings(StepSettings):
    """``wait``: go on looking until it stands so, or the step's time is over."""

    check: str = Field(min_length=1, max_length=260, description="as system/name, or a name of the run's own system")
    is_: Literal["ok", "warning", "critical", "any"] = Field("ok", alias="is", description="how it must stand")
    wait: bool = True


def repeatable(_settings: Any) -> bool:
    return True


def asks(_settings: Any) -> bool:
    return False


def perform(settings: Settings, bench: Bench) -> Done | Again:
    seen = bench.means.look(settings.check)
    if seen is None:
        return Again(EVERY, say("waits for the look"))
    outputs = {"state": seen["state"], **seen.get("values", {})}
    if settings.is_ in ("any", seen["state"]):
        return Done(outputs, str(seen.get("detail", "")))
    why = say("%(check)s is %(state)s", check=settings.check, state=seen["state"])
    if settings.wait:
        return Again(EVERY * 2, why)
    raise StepFailed(why, text=str(seen.get("detail", "")))
