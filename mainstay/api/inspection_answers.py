"""The shapes of ``inspection_rows.py``, as the OpenAPI document shows them."""

from datetime import date, datetime
from typing import Literal

from ninja import Schema
from pydantic import Field

from mainstay.api.answers import Data, StateName, Words

LineState = Literal["ok", "warning", "critical", "unknown", "none"]
"""``none``: nothing is watched."""


class Sheet(Schema):
    """One inspection of one system; ``number`` is 0 by schedule, by hand 1, 2 … of the day."""

    id: int
    system: str
    title: Words
    day: date
    number: int
    zone: str
    due_at: datetime | None
    made_at: datetime
    made_by: str
    state: StateName
    counts: dict[LineState, int]
    stage: Literal["open", "signed", "refused"]
    late_after: datetime | None
    late_at: datetime | None
    escalate_after: datetime | None
    escalated_at: datetime | None
    ended_at: datetime | None
    ended_by: str
    words: str
    digest: str
    countersigned_at: datetime | None
    countersigned_by: str


class Remark(Schema):
    """An inspector's word."""

    at: datetime
    by: str
    text: str


class Line(Schema):
    """What stood behind one item; ``yesterday`` is the value 24 hours before."""

    place: int
    section: str
    item: str
    title: Words
    check: str | None
    check_title: Words
    metric: str
    value: float | None
    unit: str
    yesterday: float | None
    warn: list[str]
    crit: list[str]
    state: LineState
    unseen: bool
    since: datetime | None
    looked_at: datetime | None
    why: str
    message: Data
    evidence: Data
    incident: int | None
    remarks: list[Remark]


class Section(Schema):
    """A part of a sheet; ``nothing`` is what it says when it has no lines."""

    name: str
    title: Words
    nothing: Words
    lines: list[Line]


class WholeSheet(Sheet):
    """A sheet section by section."""

    sections: list[Section]


class Countersignature(Schema):
    """A week that an approver looked over, and the sheets that it covers."""

    id: int
    system: str
    week: str
    at: datetime
    by: str
    text: str
    sheets: list[int]


class SheetFlaw(Schema):
    """A sheet that is not as it was."""

    id: int
    reason: str


class SheetVerdict(Schema):
    """Whether all sheets are as they were made and signed."""

    whole: bool
    sheets: int
    flaws: list[SheetFlaw]


class InspectedDay(Schema):
    """A day and its sheet; null: there was none."""

    day: date
    state: str
    stage: str
    id: int | None


class Trend(Schema):
    """How one line went over the month."""

    section: str
    item: str
    title: Words
    check: str
    check_title: Words
    metric: str
    unit: str
    days: int
    abnormal: int
    min: float | None
    mean: float | None
    max: float | None
    last: float | None
    points: list[tuple[date, float]] = Field(description="day and value")


class Month(Schema):
    """A month of one system."""

    system: str
    month: str
    days: list[InspectedDay]
    trends: list[Trend]
