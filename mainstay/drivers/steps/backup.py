"""A copy by a policy of the catalogue, waited for."""

from typing import Any

from pydantic import Field

from mainstay.domain.saying import say
from mainstay.drivers.steps import Again, Bench, Done, StepFailed, StepSettings

FIXED = ("policy",)
ACT = "backup"
LOOK = 2.0


class Settings(StepSettings):
    """Which policy."""

    policy: str = Field(min_length=1, max_length=130, description="as system/name, or a name of the run's own system")


def repeatable(_settings: Any) -> bool:
    """The job is asked for once, whoever asks again."""
    return True


def asks(_settings: Any) -> bool:
    return False


def perform(settings: Settings, bench: Bench) -> Done | Again:
    seen = bench.means.backup(settings.policy, ACT)
    if seen is None or seen["state"] in ("waiting", "running"):
        return Again(LOOK, say("waits for the job"))
    if seen["state"] != "done":
        raise StepFailed(str(seen.get("detail") or say("the job failed")), retry=False)
    return Done({"job": seen["job"], "copy": seen.get("copy")})
