"""An emergency plan as people write it, and when it must be drilled and looked through again."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, StringConstraints

from mainstay.domain.document_forms import Day, Duration, Mapping, Name, Text
from mainstay.domain.draft import languages

Rhythm = Literal["monthly", "quarterly", "half-yearly", "yearly", "never"]
RHYTHMS: tuple[str, ...] = get_args(Rhythm)
MONTHS: Map[str, int] = {"monthly": 1, "quarterly": 3, "half-yearly": 6, "yearly": 12}
PHASES = ("handling", "recovery")
LONGEST = 200_000
"""Characters of a whole plan, as JSON."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]
Limit = Duration | Literal[""]


def _said(text: Any) -> Any:
    if not any(words.strip() for words in languages(text).values()):
        raise ValueError("write something here")
    return text


Said = Annotated[Text, AfterValidator(_said)]
"""Words that must not be missing."""


class PlanDuty(Mapping):
    """A role in the emergency, and who has it."""

    title: Said
    who: Line = ""
    deputy: Line = ""


class PlanContact(Mapping):
    """Somebody to reach, on paper: the day on which the plan is needed may be one without a network."""

    title: Said
    name: Line = ""
    phone: Line = ""
    mail: Line = ""


class PlanSupply(Mapping):
    """Something that must lie ready. ``expires``: the last day on which it is good."""

    title: Said
    amount: Line = ""
    place: Line = ""
    expires: Day | Literal[""] = ""


class PlanStep(Mapping):
    """Something to do, by whom, and how long after the beginning at the latest."""

    title: Said
    phase: Literal["handling", "recovery"] = "handling"
    who: Line = ""
    within: Limit = ""
    runbook: Name | Literal[""] = ""


class PlanWords(Mapping):
    """What is told to whom, ready to be sent."""

    audience: Said
    text: Said


class PlanInjection(Mapping):
    """How a live drill brings the fault about: by a runbook, or by hand as ``text`` says; ``undo`` ends it."""

    text: Text = ""
    runbook: Name | Literal[""] = ""
    on: Line = Field("", description="component, or system/component, that the runbook is run on")
    given: dict[str, str | int | float | bool] = Field({}, max_length=50, description="the runbook's inputs")
    undo: Text = ""


class Plan(Mapping):
    """What to do when one risk comes true on one system."""

    plan: Name
    system: Name
    title: Said
    risk: Text = Field("", description="what may happen, and what it would mean")
    level: Literal[1, 2, 3] = Field(1, description="the level of the incident that a drill opens")
    category: Literal["system", "data", "business"] = "system"
    detection: Text = Field("", description="how one sees that it has happened")
    checks: list[Line] = Field([], max_length=50, description="the system's checks that see it")
    rto: Limit = Field("", description="until the system must be back; empty: the system's objective")
    rpo: Limit = Field("", description="how much data may be lost; empty: the system's objective")
    roles: list[PlanDuty] = Field([], max_length=50)
    contacts: list[PlanContact] = Field([], max_length=100)
    supplies: list[PlanSupply] = Field([], max_length=100)
    steps: list[PlanStep] = Field(min_length=1, max_length=200)
    templates: list[PlanWords] = Field([], max_length=50)
    runbooks: list[Name] = Field([], max_length=50)
    injection: PlanInjection = PlanInjection()
    drills: Rhythm = "quarterly"
    review: Rhythm = "yearly"


def worded(document: Map[str, Any]) -> dict[str, str]:
    """The title by language."""
    return languages(document.get("title") or "")


def later(day: date, rhythm: str) -> date | None:
    """The day a rhythm after another; the month's last where it has no such day. None for never."""
    if rhythm not in MONTHS:
        return None
    months = day.month - 1 + MONTHS[rhythm]
    year, month = day.year + months // 12, months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class Drilled:
    """What of a plan in force decides when the next drill is due; ``since`` it is in force."""

    plan: str
    rhythm: str
    since: date
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """Until when a system wants a drill, and the plan whose turn it is."""

    plan: str
    day: date
    last: date | None

    def overdue(self, today: date) -> bool:
        """Whether the day is past."""
        return self.day < today


def next_drill(plans: Sequence[Drilled]) -> Due | None:
    """Of one system's plans: its shortest rhythm counts, any of its drills meets it, and the plan that was drilled
    longest ago is next. None where none wants drills."""
    wanting = [one for one in plans if one.rhythm in MONTHS]
    if not wanting:
        return None
    shortest = min(wanting, key=lambda one: MONTHS[one.rhythm]).rhythm
    last = max((one.last for one in plans if one.last), default=None)
    day = later(last or min(one.since for one in wanting), shortest)
    turn = min(wanting, key=lambda one: (one.last or date.min, one.since, one.plan))
    return Due(turn.plan, day or date.max, last)


def expired(supplies: Iterable[Map[str, Any]], today: date) -> list[Map[str, Any]]:
    """What is good no longer."""
    return [one for one in supplies if one.get("expires") and date.fromisoformat(str(one["expires"])) < today]
