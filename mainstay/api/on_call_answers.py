"""The shapes of ``on_call_rows.py``, as the OpenAPI document shows them."""

from datetime import datetime
from typing import Literal

from ninja import Schema

from mainstay.api.answers import Data, Words


class Shift(Schema):
    """A time of one person; of nobody where ``person`` is null: a gap. By a layer, from 1, or an override's number."""

    start: datetime
    end: datetime
    person: str | None
    layer: int | None
    override: int | None


class Rota(Schema):
    """A rotation and its fortnight to come; ``until``: when it will be somebody else."""

    name: str
    title: Words
    timezone: str
    team: str
    people: list[str]
    person: str | None
    until: datetime
    shifts: list[Shift]
    gaps: int


class Override(Schema):
    """Somebody stands in."""

    id: int
    rotation: str
    person: str
    start: datetime
    end: datetime
    reason: str
    made_at: datetime
    made_by: str
    ended_at: datetime | None


class Swap(Schema):
    """Somebody asks another, or anybody where ``taker`` is empty, to take a part of his shifts."""

    id: int
    rotation: str
    person: str
    taker: str
    start: datetime
    end: datetime
    back_start: datetime | None
    back_end: datetime | None
    reason: str
    state: Literal["asked", "taken", "refused", "withdrawn"]
    asked_at: datetime
    answered_at: datetime | None
    answered_by: str


class Handover(Schema):
    """What one who comes on call has to know, by section."""

    id: int
    rotation: str
    at: datetime
    before: str
    after: str
    words: str
    digest: dict[str, list[Data]]
    made_at: datetime
    made_by: str
    confirmed_at: datetime | None
    confirmed_by: str


class Receiver(Schema):
    """Somebody to call, and what led to him."""

    kind: Literal["person", "channel", "vendor"]
    name: str
    why: Data


class Missed(Schema):
    """What leads to nobody, and why."""

    target: str
    reason: str


class Planned(Schema):
    """A step as it would be taken; ``passed``: its hours are closed then."""

    round: int
    step: int
    at: datetime
    passed: bool
    receivers: list[Receiver]
    missed: list[Missed]


class Plan(Schema):
    """Who would be called."""

    system: str
    level: int
    at: datetime
    escalation: str
    steps: list[Planned]


class Move(Schema):
    """A step that was taken, or a reminder of it."""

    id: int
    escalation: str
    round: int
    step: int
    reminder: int
    at: datetime
    outcome: Literal["called", "nobody", "passed"]
    level: int


class Call(Schema):
    """Somebody was called; ``used_at``: his link took the incident on; ``answer_by``: a vendor's contract wants it."""

    id: int
    move: int
    step: int
    kind: Literal["person", "channel", "vendor"]
    name: str
    at: datetime
    why: Data
    answer_by: datetime | None
    used_at: datetime | None
    over_at: datetime | None


class Following(Schema):
    """What comes next if nobody takes the incident on."""

    round: int
    step: int
    reminder: int
    at: datetime
    receivers: list[Receiver]
    missed: list[Missed]


class Explained(Schema):
    """What was done for an incident."""

    incident: int
    escalation: str
    moves: list[Move]
    calls: list[Call]
    next: Following | None


class Feed(Schema):
    """A calendar of shifts; whoever has the address reads it. Empty before one was made."""

    kind: Literal["person", "team"]
    name: str
    address: str
    made_at: datetime | None


class Translated(Schema):
    """A file for a catalogue, and what of the export is not in it."""

    yaml: str
    left_out: list[str]
