"""A restore to a new place, waited for. The live place is not restored by a runbook: that has an approval of its own,
of exactly the copy that is meant."""

from typing import Any, Literal

from pydantic import Field

from mainstay.domain.saying import say
from mainstay.drivers.steps import Again, Bench, Done, StepFailed
from mainstay.drivers.steps._job import LOOK, OfPolicy

FIXED = ("policy", "to", "target")


class Settings(OfPolicy):
    """The newest copy of a policy."""

    to: Literal["directory", "database"] = "directory"
    target: str = Field(min_length=1, max_length=1000)
    reason: str = Field("", max_length=500)


def repeatable(_settings: Any) -> bool:
    """It is asked for once, whoever asks again."""
    return True


def asks(_settings: Any) -> bool:
    return False


def perform(settings: Settings, bench: Bench) -> Done | Again:
    seen = bench.means.restore(settings.policy, settings.to, settings.target, settings.reason)
    if seen is None or seen["state"] in ("asked", "safety", "running"):
        return Again(LOOK, say("waits for the restore"))
    if seen["state"] != "done":
        raise StepFailed(say("the restore is %(state)s", state=str(seen["state"])), retry=False)
    return Done({"restore": seen["restore"], "copy": seen["copy"]})
