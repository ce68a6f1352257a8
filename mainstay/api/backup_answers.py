"""The shapes of ``backup_rows.py``, as the OpenAPI document shows them."""

from datetime import datetime
from typing import Any, Literal

from ninja import Schema

Act = Literal["backup", "forward", "prove", "check", "prune", "restore"]
Verdict = Literal["proved", "failed", "unproved"]


class Job(Schema):
    """One act on a policy's copies; ``copy_id`` is the one that it is about. ``percent`` is of the stage."""

    id: int
    policy: str
    act: Act
    level: str
    why: str
    asked_by: str
    tick: datetime
    state: Literal["waiting", "running", "done", "failed"]
    attempt: int
    not_before: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    copy_id: int | None
    stage: str
    percent: int | None
    expected_end: datetime | None
    code: str
    problem: str


class WholeJob(Job):
    """With the time of each step, and what happened."""

    steps: list[dict[str, Any]]
    story: list[dict[str, Any]]


class Copy(Schema):
    """A copy in one store; ``at`` is the moment whose data it holds."""

    id: int
    policy: str
    store: str
    identifier: str
    level: str
    at: datetime
    made_at: datetime
    size: int
    added: int
    made_from: int | None
    base: int | None
    dropped_at: datetime | None
    why_dropped: str
    proved: Literal["", "proved", "failed", "unproved"]


class WholeCopy(Copy):
    """With what it must hold, and what made it."""

    fingerprint: dict[str, Any]
    versions: dict[str, str]


class Gate(Schema):
    """One thing that was to be shown."""

    name: str
    verdict: Literal["passed", "failed", "unseen", "not-asked", "missed"]
    detail: str
    evidence: dict[str, Any]


class Proof(Schema):
    """A copy that was restored and looked through; ``not_proved`` names what this does not show."""

    id: int
    policy: str
    copy_id: int
    store: str
    job: int
    at: datetime
    verdict: Verdict
    figures: dict[str, Any]
    not_proved: list[str]


class WholeProof(Proof):
    """With its gates."""

    gates: list[Gate]


class Place(Schema):
    """Where copies lie."""

    store: str
    kind: str
    identifier: str


class KeySheet(Schema):
    """To be printed and put away."""

    policy: str
    tool: str
    name: str
    key: str
    repositories: list[Place]
