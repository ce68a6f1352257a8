"""``backup``: how a backup policy's copies are, from Mainstay's own record; nothing is touched from here.

The checker hands in what is on record, as ``reach.shared("backup", …)``: a function that gives a ``Recorded``. The pack
``backup`` brings these checks with every policy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field

from mainstay.domain import backup_health
from mainstay.domain.backup_health import Facts
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say
from mainstay.drivers.kinds import Strict
from mainstay.drivers.probes import Reach

METRICS, TITLES = backup_health.METRICS, backup_health.TITLES


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is on record of the policy, None where there is no such policy; and now, in seconds since 1970."""

    facts: Facts | None
    now: float


class Settings(Strict):
    """``look`` is what to look at of the ``policy``."""

    policy: str = Field(min_length=1)
    look: Literal["late", "failed", "size", "unproved", "second-site", "repository", "space", "key"]


class Probe:
    """Judges what the checker last read."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings = settings
        self._recorded: Callable[[], Recorded] = reach.shared("backup", _nothing_is_known)

    async def read(self) -> Reading:
        recorded = self._recorded()
        if recorded.facts is None:
            detail = say("there is no backup policy %(name)s on record", name=self._settings.policy)
            return Reading(problem=Problem(Fault.SETUP, detail), blind=True)
        return backup_health.look(self._settings.look, recorded.facts, datetime.fromtimestamp(recorded.now, UTC))

    def close(self) -> None:
        """Nothing is held."""


def _nothing_is_known() -> Any:
    raise LookupError("the checker hands in what is on record of each policy")
