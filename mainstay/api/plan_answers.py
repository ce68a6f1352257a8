"""The shapes of ``plan_rows.py``, as the OpenAPI document shows them."""

from datetime import date, datetime
from typing import Any, Literal

from ninja import Schema

from mainstay.api.review_answers import ToldAction
from mainstay.domain.plan import Plan as PlanDocument

Titles = dict[Literal["en", "zh", "zh-hant"], str]


class EmergencyPlan(Schema):
    """What to do when a risk comes true. ``approved_version`` is the one that people follow."""

    name: str
    system: str
    title: Titles
    state: Literal["draft", "in-force", "retired"]
    version: int
    approved_version: int | None
    review_at: date | None
    author: str
    made_at: datetime
    changed_at: datetime
    approved_at: datetime | None
    approved_by: str


class PlanVersion(Schema):
    """A plan as somebody left it."""

    number: int
    at: datetime
    actor: str
    remark: str


class WholePlan(EmergencyPlan):
    """With the newest version's text; ``followed`` is that of the version in force."""

    document: PlanDocument
    followed: PlanDocument | None
    versions: list[PlanVersion]


class Drill(Schema):
    """A plan tried. ``loss`` in seconds of data, ``points`` out of 100."""

    id: int
    plan: str
    system: str
    version: int | None
    kind: Literal["table", "live"]
    state: Literal["planned", "running", "done", "cancelled"]
    planned_at: datetime
    planned_by: str
    goal: str
    began_at: datetime | None
    led_by: str
    injected_at: datetime | None
    run: int | None
    recovered_at: datetime | None
    loss: float | None
    ended_at: datetime | None
    points: int | None
    passed: bool | None
    words: str


class DrillEntry(Schema):
    """A line of a drill's record; ``place`` is a step of the plan."""

    at: datetime
    actor: str
    word: str
    place: int | None
    text: str


class DrillAsked(Schema):
    """A line of a score; ``limit`` and ``measured`` in seconds (``unit`` s) or pieces."""

    name: str
    unit: str
    limit: float | None
    measured: float | None
    verdict: Literal["ok", "missed", "open"]
    points: float
    most: float


class DrillAttendance(Schema):
    """Somebody took part; it counts as training."""

    drill: int
    person: str
    role: str
    hours: float
    at: datetime


class DrillStep(Schema):
    """A step of the frozen plan, and what became of it."""

    place: int
    step: dict[str, Any]
    word: Literal["", "done", "skipped"]
    at: datetime | None


class WholeDrill(Drill):
    """With its record, its score and what came of it. ``limits`` in seconds."""

    incidents: list[int]
    limits: dict[str, float | None]
    steps: list[DrillStep]
    entries: list[DrillEntry]
    score: list[DrillAsked]
    attendances: list[DrillAttendance]
    actions: list[ToldAction]


class DrillWanted(Schema):
    """When a system wants its next drill, and the plan whose turn it is; ``planned`` is a drill in the calendar."""

    system: str
    plan: str
    due: date
    last: date | None
    overdue: bool
    planned: int | None


class DrillCalendar(Schema):
    """What is due first."""

    items: list[DrillWanted]
