"""The shapes of ``remedy_rows.py``, as the OpenAPI document shows them."""

from datetime import datetime
from typing import Any, Literal

from ninja import Schema

RemedyOutcome = Literal["", "helped", "failed", "void"]


class RemedyAllowance(Schema):
    """Who allowed it, until when and why; ``ended_at``: when that was taken back, or made anew."""

    made_by: str
    made_at: datetime
    until: datetime
    reason: str
    ended_at: datetime | None
    ended_by: str
    end_reason: str


class RemedyAttempt(Schema):
    """It was applied. ``outcome`` is empty while it is under way; ``because`` says why it failed: stopped, asked,
    ended, slow, failing."""

    id: int
    path: str
    incident: int
    check: str
    run: int
    runbook: str
    allowed_by: str
    begun_at: datetime
    ended_at: datetime | None
    outcome: RemedyOutcome
    because: str


class Remedy(Schema):
    """``refusal`` says why it may not be applied: not-allowed, changed (since it was allowed), lapsed (who allowed it
    may not any more), cannot (``wrong`` says why); empty when it may be. ``sign`` names what would be allowed now."""

    path: str
    system: str
    name: str
    title: Any
    checks: list[str]
    runbook: str
    on: str | None
    at_most: int
    during: str
    writes: int
    refusal: str
    wrong: str
    sign: str
    allowance: RemedyAllowance | None


class WholeRemedy(Remedy):
    """``writing``: steps that change data with no second person; ``document`` is all that was written down."""

    document: dict[str, Any]
    steps: list[str]
    writing: list[str]
    allowances: list[RemedyAllowance]
    attempts: list[RemedyAttempt]


class Remedies(Schema):
    """All that are written down, by system and name."""

    items: list[Remedy]
