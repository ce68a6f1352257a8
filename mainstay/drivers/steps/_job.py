"""What steps that wait for a job of a backup policy have alike."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from mainstay.domain.saying import say
from mainstay.drivers.steps import Again, Bench, StepFailed, StepSettings

LOOK = 2.0
"""Seconds between two looks at the job."""


class OfPolicy(StepSettings):
    """Which policy."""

    policy: str = Field(min_length=1, max_length=130, description="as system/name, or a name of the run's own system")


def awaited(policy: str, act: str, bench: Bench) -> Mapping[str, Any] | Again:
    """The job that was asked for, once, when it is done. Raises StepFailed."""
    seen = bench.means.backup(policy, act)
    if seen is None or seen["state"] in ("waiting", "running"):
        return Again(LOOK, say("waits for the job"))
    if seen["state"] != "done":
        raise StepFailed(str(seen.get("detail") or say("the job failed")), retry=False)
    return seen
