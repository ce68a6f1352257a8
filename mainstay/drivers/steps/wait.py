"""Nothing is done: for some time, until a moment, or until a check stands as it should."""

import time
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, model_validator

from mainstay.domain.document_forms import Duration
from mainstay.domain.duration import parse_duration
from mainstay.domain.saying import say
from mainstay.drivers.steps import Again, Bench, Done, StepFailed, StepSettings

FIXED: tuple[str, ...] = ()
LOOK = 5.0
UNBOUNDED = True
"""A wait for a time has the end that it says."""


class Settings(StepSettings):
    """One of them."""

    for_: Duration = Field("", alias="for", validate_default=False)
    until: str = Field("", description="a moment with its zone, such as 2027-01-31T18:00:00+08:00")
    check: str = Field("", max_length=260)
    is_: Literal["ok", "warning", "critical"] = Field("ok", alias="is")

    @model_validator(mode="after")
    def _one(self) -> "Settings":
        if sum(map(bool, (self.for_, self.until, self.check))) != 1:
            raise ValueError("write one of for, until, check")
        return self


def repeatable(_settings: Any) -> bool:
    return True


def asks(_settings: Any) -> bool:
    return False


def perform(settings: Settings, bench: Bench) -> Done | Again:
    if settings.check:
        seen = bench.means.look(settings.check)
        if seen is not None and seen["state"] == settings.is_:
            return Done({"state": seen["state"]})
        return Again(1.0 if seen is None else LOOK, say("waits until %(check)s is %(state)s", check=settings.check,
                                                       state=settings.is_))  # fmt: skip
    end = bench.began + parse_duration(settings.for_) if settings.for_ else _moment(settings.until)
    left = end - time.time()
    return Done() if left <= 0 else Again(left)


def _moment(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise StepFailed(say("%(text)s is no moment", text=text[:40]), retry=False) from None
    if found.tzinfo is None:
        raise StepFailed(say("%(text)s has no time zone", text=text[:40]), retry=False)
    return found.timestamp()
