"""The shapes of ``review_rows.py``, as the OpenAPI document shows them."""

from datetime import date, datetime
from typing import Literal

from ninja import Schema

from mainstay.api.answers import Data

CauseName = Literal[
    "", "change", "software", "configuration", "capacity", "hardware", "network", "data", "handling", "vendor",
    "unknown",
]  # fmt: skip
EndingName = Literal["", "check", "rule", "runbook", "training", "accepted-risk"]


class ReviewDamage(Schema):
    """The most at one moment, and how much was added while it ran; null where nothing counts it."""

    most: float | None
    more: float | None


class ReviewFacts(Schema):
    """Worked out from the record. Times in seconds: ``detection`` from the first sign to the incident, ``acknowledge``
    and ``resolve`` from the incident on; ``down`` while a check that means an outage was critical, ``impaired`` while
    any check of it was not well."""

    began_at: datetime | None
    opened_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime
    runs: int
    detection: float | None
    acknowledge: float | None
    resolve: float
    down: float
    impaired: float
    stuck: ReviewDamage
    money: ReviewDamage


class Review(Schema):
    """Looking back on one incident."""

    id: int
    incident: int
    title: dict[str, str]
    system: str | None
    level: Literal[1, 2, 3]
    state: Literal["open", "held", "closed"]
    cause: CauseName
    opened_at: datetime
    opened_by: str
    held_at: date | None
    closed_at: datetime | None
    closed_by: str


class ReviewTurn(Schema):
    """A line of an action's story."""

    at: datetime
    word: Literal["made", "changed", "done", "reopened"]
    actor: str
    text: str
    data: Data


class ReviewAction(Schema):
    """Something that is done so that it does not happen again, or goes better. It came of the review of an incident or
    of a drill; ``again`` is the incident that opened it again."""

    id: int
    review: int | None
    incident: int | None
    drill: int | None
    system: str | None
    title: str
    owner: str
    due: date
    state: Literal["open", "done", "reopened"]
    ending: EndingName
    proof: str
    until: date | None
    made_at: datetime
    made_by: str
    done_at: datetime | None
    done_by: str
    again: int | None


class ToldAction(ReviewAction):
    """With its story."""

    story: list[ReviewTurn]


class WholeReview(Review):
    """With its facts, its causes and its actions."""

    facts: ReviewFacts
    whys: list[str]
    well: str
    badly: str
    nothing: str
    held_by: str
    present: str
    actions: list[ToldAction]
