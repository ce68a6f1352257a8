"""``heartbeat``: a job reports itself at ``/ping/<token>``; nothing is sent from here.

The checker hands in the pings that came, as ``reach.shared("beats", …)``: a function that gives a ``Seen``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from mainstay.domain.duration import parse_duration
from mainstay.domain.heartbeat import Beat, Expectation, look, parse_cron
from mainstay.domain.reading import Reading
from mainstay.domain.saying import say
from mainstay.drivers.kinds import Strict
from mainstay.drivers.probes import Reach

METRICS = {"late": "s", "duration": "s", "running": "s", "exit_code": "1"}
TITLES = {
    "late": say("time behind schedule"), "duration": say("duration of the run"), "running": say("running for"),
    "exit_code": say("exit code"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """The pings of one check, when the check came to be, and now; times in seconds since 1970."""

    beats: Sequence[Beat]
    born: float
    now: float


class Settings(Strict):
    """Either ``period`` or ``cron``; ``longest`` is how long a job may run and is the grace by default."""

    period: str = ""
    cron: str = ""
    grace: str = "5m"
    longest: str = ""
    timezone: str = Field("UTC", description="IANA name; the clocks that cron reads")

    @field_validator("period", "grace", "longest")
    @classmethod
    def _durations(cls, value: str) -> str:
        if value:
            parse_duration(value)
        return value

    @field_validator("cron")
    @classmethod
    def _cron(cls, value: str) -> str:
        return parse_cron(value) if value else value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is not a time zone; write such as Asia/Shanghai") from error
        return value

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if bool(self.period) == bool(self.cron):
            raise ValueError("write either period: 1h or cron: '30 2 * * *'")
        return self


class Probe:
    """Judges what came in. ``read`` needs no network and returns at once."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._expectation = Expectation(
            grace=parse_duration(settings.grace),
            longest=parse_duration(settings.longest or settings.grace),
            period=parse_duration(settings.period) if settings.period else 0.0,
            cron=settings.cron,
            zone=ZoneInfo(settings.timezone),
        )
        self._seen: Callable[[], Seen] = reach.shared("beats", _nothing_came)

    async def read(self) -> Reading:
        seen = self._seen()
        return look(self._expectation, seen.beats, seen.born, seen.now)

    def close(self) -> None:
        """Nothing is held."""


def _nothing_came() -> Any:
    raise LookupError("the checker hands in the pings of each heartbeat check")
