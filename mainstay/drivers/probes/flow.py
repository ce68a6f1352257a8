"""Cases on their way through the states of a business flow: orders, payments, purchases."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mainstay.domain.document_forms import Text
from mainstay.domain.draft import languages
from mainstay.domain.duration import parse_duration
from mainstay.domain.flow import (
    ROWS,
    SHOWN,
    Case,
    Picture,
    Stage,
    Step,
    Words,
    analyse,
    called,
    drawn,
    step_words,
)
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say, words_of
from mainstay.drivers.database import Unread
from mainstay.drivers.probes import Reach
from mainstay.drivers.rows import shown
from mainstay.drivers.tables import Query, Table, as_instant, as_number

BLOCKING = True
METRICS = {
    "stuck": "1", "stuck_amount": "1", "open": "1", "oldest": "s", "skipped": "1", "backward": "1", "throughput": "1/h",
}  # fmt: skip
TITLES = {
    "stuck": say("stuck cases"), "stuck_amount": say("money in stuck cases"), "open": say("open cases"),
    "oldest": say("age of the oldest open case"), "skipped": say("skipped steps"), "backward": say("steps back"),
    "throughput": say("finished per hour"),
}  # fmt: skip


MOST_CASES = 20_000
"""Cases and steps that one look reads; a cut history would look like skipped steps."""


class State(BaseModel):
    """One state, in the order that a case takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: Text = Field("", description="what people call it, in one form for all or by language")
    longest: str = Field("", description="the longest stay that is still fine, such as 2d")
    final: bool = False
    optional: bool = Field(False, description="a case may pass it over")

    @field_validator("longest")
    @classmethod
    def _duration(cls, value: str) -> str:
        if value:
            parse_duration(value)
        return value


class Settings(Query):
    """``query`` gives case, state, entered_at, amount and, if known, actor; ``history`` case, state, at."""

    history: str = Field("", max_length=50_000)
    states: list[State] = Field(min_length=1)
    window: str = Field("1d", description="so far back are steps off the path and finished cases counted")

    @field_validator("window")
    @classmethod
    def _duration(cls, value: str) -> str:
        parse_duration(value)
        return value


class Probe:
    """Keeps nothing of its own."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._timeout, self._at = settings, reach.timeout, reach.at
        self._table = Table(settings.dsn, settings.params, reach)
        self._window = parse_duration(settings.window)
        self._stages = [
            Stage(
                one.name, parse_duration(one.longest) if one.longest else None, one.final, one.optional,
                languages(one.title),
            )
            for one in settings.states
        ]  # fmt: skip
        self._titles = called(self._stages)

    def read(self) -> Reading:
        settings, end = self._settings, time.monotonic() + self._timeout
        now = (self._at or datetime.now(UTC)).timestamp()
        try:
            cases = self._table.read(settings.query, MOST_CASES)
            steps: Sequence[Mapping[str, Any]] = ()
            cut = cases.more
            if settings.history:
                history = self._table.read(settings.history, MOST_CASES, max(0.1, end - time.monotonic()))
                steps, cut = history.rows, cut or history.more
            found = [_case(row, now) for row in cases.rows]
            picture = analyse(self._stages, found, map(_step, steps), now, self._window)
        except Unread as error:
            return Reading(problem=error.problem, blind=True)
        except KeyError as error:
            detail = say(
                "the query gives no column %(name)s; needed are case, state and entered_at (history: at)",
                name=error.args[0],
            )
            return Reading(problem=Problem(Fault.SETUP, detail), blind=True)
        except _NoTime as error:
            return Reading(problem=Problem(Fault.SETUP, words_of(error)), blind=True)
        payload = {**drawn(picture, now), "cut": cut}
        rows = shown(_evidence(payload, now, self._titles))
        return Reading(_values(picture, now), rows=rows, payload=payload, payload_rows=ROWS)

    def close(self) -> None:
        """The connections are shared and stay."""


class _NoTime(ValueError):
    """What should be a time is none."""


def _case(row: Mapping[str, Any], now: float) -> Case:
    return Case(
        name=str(row["case"]),
        state=str(row["state"]),
        entered=_time(row, "entered_at", now),
        amount=as_number(row.get("amount")) or 0.0,
        actor=str(row.get("actor") or ""),
    )


def _step(row: Mapping[str, Any]) -> Step:
    return Step(str(row["case"]), str(row["state"]), _time(row, "at", 0.0))


def _time(row: Mapping[str, Any], column: str, without: float) -> float:
    value = row[column]
    at = without if value is None else as_instant(value)
    if at is None:
        raise _NoTime(say("%(column)s of %(case)s is no time but %(value)s", column=column, case=row["case"],
                          value=repr(str(value)[:60])))  # fmt: skip
    return at


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


def _evidence(payload: Mapping[str, Any], now: float, titles: Mapping[str, Words]) -> list[dict[str, Any]]:
    """What is stuck, the most money first, and the steps off the path; without either the oldest cases."""

    def told(case: Mapping[str, Any], what: str) -> dict[str, Any]:
        return {**case, "state": titles.get(case["state"], case["state"]), "what": what}

    stuck = [told(one, "stuck") for one in payload["stuck"]]
    steps = [
        {
            "case": one["case"], "state": step_words(one["from"], one["to"], titles), "age": now - one["at"],
            "what": "backward" if one["backward"] else "skipped",
        }
        for one in payload["detours"][:SHOWN]
    ]  # fmt: skip
    return stuck + steps or [told(one, "oldest") for one in payload["oldest"]]
