"""How a drill went, as a table of what was asked and what was measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

ENOUGH = 60
"""Points out of 100 from which a drill is passed in which nothing that must be was missed."""


class Verdict(StrEnum):
    """``OPEN``: nothing was measured, so it counts for nothing."""

    OK = "ok"
    MISSED = "missed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds; None where nothing is asked."""

    respond: float | None = None
    rto: float | None = None
    rpo: float | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """What happened. ``began``: the fault was there. ``opened``: the incident was; ``awaited``: by a check, and
    ``seen`` that it was so. Without an incident (at the table) neither is asked. ``loss`` in seconds of data."""

    began: datetime
    live: bool
    awaited: bool = False
    seen: bool = False
    opened: datetime | None = None
    acknowledged: datetime | None = None
    recovered: datetime | None = None
    steps: int = 0
    done: int = 0
    late: int = 0
    wrong_turns: int = 0
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was asked. ``limit`` and ``measured`` in seconds or in pieces, by ``unit``."""

    name: str
    unit: str
    limit: float | None
    measured: float | None
    verdict: Verdict
    points: float
    most: float

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "name": self.name, "unit": self.unit, "limit": self.limit, "measured": self.measured,
            "verdict": self.verdict.value, "points": round(self.points, 1), "most": self.most,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Score:
    """``points`` out of 100, of what was measured."""

    lines: tuple[Line, ...]
    points: int
    passed: bool

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {"lines": [one.plain() for one in self.lines], "points": self.points, "passed": self.passed}


MUST = ("detected", "acknowledged", "recovered", "rto", "rpo")
"""A drill in which one of these was missed is not passed, whatever its points."""


def score(course: Course, limits: Limits) -> Score:
    """The table. What was not asked is left out; what could not be measured counts for nothing."""
    lines = (*_alarm(course, limits), *_way(course), *_end(course, limits))
    counted = [one for one in lines if one.verdict is not Verdict.OPEN]
    most = sum(one.most for one in counted)
    points = round(100 * sum(one.points for one in counted) / most) if most else 0
    missed = any(one.verdict is Verdict.MISSED for one in counted if one.name in MUST)
    return Score(lines, points, not missed and points >= ENOUGH)


def _alarm(course: Course, limits: Limits) -> list[Line]:
    lines = []
    if course.awaited:
        took = _seconds(course.began, course.opened) if course.seen else None
        lines.append(_line("detected", None, took, 15, met=course.seen))
    if course.live:
        took = _seconds(course.opened, course.acknowledged)
        in_time = took is not None and (limits.respond is None or took <= limits.respond)
        lines.append(_line("acknowledged", limits.respond, took, 20, met=in_time))
    return lines


def _way(course: Course) -> list[Line]:
    """Steps left out or late, each costs its share; and each wrong turn a third."""
    skipped, steps = course.steps - course.done, max(1, course.steps)
    shares = (("skipped", skipped, skipped / steps, 15), ("late", course.late, course.late / steps, 10),
              ("wrong-turns", course.wrong_turns, min(1.0, course.wrong_turns / 3), 10))  # fmt: skip
    return [
        Line(name, "", 0, count, Verdict.MISSED if count else Verdict.OK, most * (1 - share), most)
        for name, count, share, most in shares
    ]


def _end(course: Course, limits: Limits) -> list[Line]:
    took = _seconds(course.began, course.recovered)
    lines = [_line("recovered", None, took, 20, met=took is not None)]
    if limits.rto is not None:
        lines.append(_line("rto", limits.rto, took, 20, met=took is not None and took <= limits.rto))
    if limits.rpo is not None:
        kept = None if course.loss is None else course.loss <= limits.rpo
        lines.append(_line("rpo", limits.rpo, course.loss, 10, met=kept))
    return lines


def _line(name: str, limit: float | None, measured: float | None, most: float, *, met: bool | None) -> Line:
    """One in seconds; ``met`` None where it was not measured."""
    verdict = Verdict.OPEN if met is None else Verdict.OK if met else Verdict.MISSED
    return Line(name, "s", limit, measured, verdict, most if met else 0, most)


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return max(0.0, (end - start).total_seconds()) if start and end else None


def marked(title: Mapping[str, str]) -> dict[str, str]:
    """A title by language, that of a drill: nobody may take it for the real thing, wherever he reads it."""
    return {language: f"{MARKS.get(language, MARKS['en'])}{text}" for language, text in title.items()}


MARKS = {"en": "DRILL ", "zh": "【演练】", "zh-hant": "【演練】"}
