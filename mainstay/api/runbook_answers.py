"""The shapes of ``runbook_rows.py``, as the OpenAPI document shows them."""

from datetime import datetime
from typing import Any, Literal

from ninja import Schema

RunState = Literal["running", "paused", "stopped", "undoing", "done", "cancelled", "undone"]
StepState = Literal[
    "ahead", "started", "waiting", "asking", "retry", "doubtful", "done", "failed", "skipped"
]  # fmt: skip


class Runbook(Schema):
    """``source``: page, file, or pack:NAME."""

    name: str
    title: dict[str, str]
    source: str


class RunbookVersion(Schema):
    """A version; a run keeps the one that it began with."""

    number: int
    made_at: datetime
    made_by: str


class WholeRunbook(Runbook):
    """``inputs`` are what a run is given; ``kinds`` the components that it may be run on."""

    version: int
    kinds: list[str]
    inputs: dict[str, Any]
    text: str
    versions: list[RunbookVersion]


class RunbookExamined(Schema):
    """Nothing is wrong with it; what is wrong is answered as a problem."""

    name: str
    steps: int


class RunbookRun(Schema):
    """``wish``: pause or cancel, as soon as what is under way has ended."""

    id: int
    runbook: str
    version: int
    state: RunState
    wish: str
    system: str
    component: str
    incident: int | None
    why: str
    inputs: dict[str, Any]
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None


class Step(Schema):
    """``asked``: who is asked what, what is shown and its ``seal``. ``doubtful``: it may have run; look, then retry or
    skip."""

    path: str
    kind: str
    title: Any
    repeatable: bool
    state: StepState
    attempt: int
    due: datetime | None
    began_at: datetime | None
    ended_at: datetime | None
    note: str
    outputs: dict[str, Any]
    text: str
    asked: dict[str, Any]
    answers: list[dict[str, Any]]


class RunEntry(Schema):
    """What happened, and who did it."""

    at: datetime
    actor: str
    word: str
    path: str
    data: dict[str, Any]


class WholeRun(RunbookRun):
    """With each step and what happened."""

    steps: list[Step]
    story: list[RunEntry]


class Foreseen(Schema):
    """A step as it would be done. ``wrong``: why it could not be."""

    path: str
    kind: str
    title: Any
    on: str
    when: list[str]
    settings: dict[str, Any]
    asks: bool
    repeatable: bool
    wrong: str


class DryRun(Schema):
    """Nothing was touched."""

    steps: list[Foreseen]
