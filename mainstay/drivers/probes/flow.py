"""Cases on their way through the states of a business flow: orders, payments, purchases."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mainstay.domain.duration import parse_duration
from mainstay.domain.flow import Case, Picture, Stage, Step, analyse, drawn
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.drivers.database import Unread
from mainstay.drivers.probes import Reach, Strict
from mainstay.drivers.tables import as_number, read_rows

BLOCKING = True
METRICS = {
    "stuck": "1", "stuck_amount": "1", "open": "1", "oldest": "s", "skipped": "1", "backward": "1", "throughput": "1/h",
}  # fmt: skip


MOST_CASES = 20_000
"""Cases and steps that one look reads; a cut history would look like skipped steps."""


class State(BaseModel):
    """One state, in the order that a case takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    longest: str = Field("", description="the longest stay that is still fine, such as 2d")
    final: bool = False

    @field_validator("longest")
    @classmethod
    def _duration(cls, value: str) -> str:
        if value:
            parse_duration(value)
        return value


class Settings(Strict):
    """``query`` gives case, state, entered_at, amount and, if known, actor; ``history`` case, state, at."""

    query: str = Field(min_length=6, max_length=50_000)
    history: str = Field("", max_length=50_000)
    states: list[State] = Field(min_length=1)
    params: dict[str, str | int | float | bool] = {}
    dsn: str = Field("", description="only where the component has none")


class Probe:
    """Reads on one of the few connections that all checks of the database share."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._reach = settings, reach
        self._stages = [
            Stage(one.name, parse_duration(one.longest) if one.longest else None, one.final) for one in settings.states
        ]

    def read(self) -> Reading:
        settings, reach = self._settings, self._reach
        now = datetime.now(UTC).timestamp()
        try:
            cases = read_rows(reach, settings.dsn, settings.query, settings.params, MOST_CASES)
            steps = (
                read_rows(reach, settings.dsn, settings.history, settings.params, MOST_CASES).rows
                if settings.history
                else []
            )
            picture = analyse(self._stages, map(_case, cases.rows), map(_step, steps), now)
        except Unread as error:
            return Reading(problem=error.problem, blind=True)
        except KeyError as error:
            detail = f"the query gives no column {error.args[0]}; needed are case, state and entered_at (history: at)"
            return Reading(problem=Problem(Fault.SETUP, detail), blind=True)
        payload = {**drawn(picture, now), "cut": cases.more}
        return Reading(_values(picture, now), rows=payload["stuck"] or payload["oldest"], payload=payload)

    def close(self) -> None:
        """The connections are shared and stay."""


def _case(row: Mapping[str, Any]) -> Case:
    return Case(
        name=str(row["case"]),
        state=str(row["state"]),
        entered=as_number(row["entered_at"]) or 0.0,
        amount=as_number(row.get("amount")) or 0.0,
        actor=str(row.get("actor") or ""),
    )


def _step(row: Mapping[str, Any]) -> Step:
    return Step(str(row["case"]), str(row["state"]), as_number(row["at"]) or 0.0)


def _values(picture: Picture, now: float) -> dict[str, float]:
    values = {
        "stuck": float(len(picture.stuck)),
        "stuck_amount": sum(case.amount for case in picture.stuck),
        "open": float(picture.open),
        "oldest": max((now - case.entered for case in picture.oldest), default=0.0),
        "skipped": float(sum(not one.backward for one in picture.detours)),
        "backward": float(sum(one.backward for one in picture.detours)),
    }
    if picture.throughput is not None:
        values["throughput"] = picture.throughput
    return values
