"""Jobs that report themselves: on time, late, failed, or running for too long."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from mainstay.domain.duration import format_duration
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say

_EXCERPT = 2000
"""Characters of a job's own words that are kept as evidence."""


class Word(StrEnum):
    """What a ping says."""

    SUCCESS = "success"
    START = "start"
    FAIL = "fail"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Beat:
    """One ping. ``at`` in seconds since 1970; ``run`` ties a start to its end when jobs overlap."""

    at: float
    word: Word
    exit_code: int | None = None
    run: str = ""
    body: str = ""

    @property
    def failed(self) -> bool:
        return self.word is Word.FAIL or bool(self.exit_code)


@dataclass(frozen=True, slots=True)
class Expectation:
    """When a ping should come: each ``period`` seconds, or by ``cron`` on the clocks of ``zone``.

    ``grace`` seconds late is still on time; ``longest`` seconds may pass between a start and its end.
    """

    grace: float
    longest: float
    period: float = 0.0
    cron: str = ""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def due(self, after: float) -> float:
        """The next moment after ``after`` at which a ping should come."""
        if not self.cron:
            return after + self.period
        local = datetime.fromtimestamp(after, UTC).astimezone(self.zone)
        try:
            return next(CronSim(self.cron, local)).timestamp()
        except StopIteration:  # such as 30 February: never due
            return float("inf")


def parse_cron(text: str) -> str:
    """The expression itself when it can be read; ValueError with what would be right."""
    try:
        CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(f"{text!r} is not a cron expression ({error}); write such as 30 2 * * 1-5") from error
    return text


def look(expectation: Expectation, beats: Sequence[Beat], born: float, now: float) -> Reading:
    """Judge the newest pings, in any order. ``born`` is when the check came to be, for the wait for the first ping."""
    told = sorted((beat for beat in beats if beat.word is not Word.LOG), key=lambda beat: beat.at)
    ends = [beat for beat in told if beat.word is not Word.START]
    last = ends[-1] if ends else None
    running = _running(told)
    values = _values(last, told, running, now)
    if last is not None and last.failed:
        return Reading(values, Problem(Fault.STATUS, _failure(last)), excerpt=last.body[:_EXCERPT])
    if running is not None:
        return _while_running(expectation, running, values, now)
    due = expectation.due(last.at if last else born)
    values["late"] = max(0.0, now - due)
    if now > due + expectation.grace:
        return Reading(values, Problem(Fault.MISSING, _absence(due, last)))
    return Reading(values)


def _running(told: Sequence[Beat]) -> Beat | None:
    """The newest start that has not ended yet."""
    for place in range(len(told) - 1, -1, -1):
        beat = told[place]
        if beat.word is Word.START:
            later = told[place + 1 :]
            return None if any(_ends(end, beat) for end in later) else beat
    return None


def _ends(end: Beat, start: Beat) -> bool:
    return end.word is not Word.START and (end.run == start.run or not end.run or not start.run)


def _while_running(expectation: Expectation, running: Beat, values: dict[str, float], now: float) -> Reading:
    values["late"] = 0.0
    if now - running.at > expectation.longest:
        spent, allowed = _span(now - running.at), _span(expectation.longest)
        return Reading(
            values,
            Problem(Fault.TIMEOUT, say("running for %(spent)s, longer than %(allowed)s", spent=spent, allowed=allowed)),
        )
    return Reading(values)


def _values(last: Beat | None, told: Sequence[Beat], running: Beat | None, now: float) -> dict[str, float]:
    values = {"running": now - running.at if running else 0.0}
    if last is None:
        return values
    if last.exit_code is not None:
        values["exit_code"] = float(last.exit_code)
    starts = [beat for beat in told if beat.word is Word.START and beat.at <= last.at and _ends(last, beat)]
    if starts:
        values["duration"] = last.at - starts[-1].at
    return values


def _failure(last: Beat) -> str:
    if last.exit_code is not None:
        return say("exit code %(code)s", code=last.exit_code)
    return say("the job said that it failed")


def _absence(due: float, last: Beat | None) -> str:
    expected = datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if last is None:
        return say("no ping ever came; one was expected by %(expected)s", expected=expected)
    seen = datetime.fromtimestamp(last.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return say("last ping %(seen)s; the next was expected by %(expected)s", seen=seen, expected=expected)


def _span(seconds: float) -> str:
    return format_duration(float(round(max(0.0, seconds))))
