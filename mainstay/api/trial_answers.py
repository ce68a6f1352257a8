"""The shapes of a trial: what one look at a catalogue that is not applied gave, and its test messages."""

from ninja import Schema

from mainstay.api.answers import StateName, Words


class Reading(Schema):
    """A metric of one look."""

    value: float | None
    unit: str


class Look(Schema):
    """One look of a trial: what the check would say now, and what was measured. Nothing of it is kept.

    ``seen`` is false where nothing was there to look at yet: what reports by itself.
    """

    path: str
    component: str | None
    title: Words
    kind: str
    state: StateName
    why: str
    seen: bool
    values: dict[str, Reading]
    todo: str


class Told(Schema):
    """A test message of a trial, and what the receiver answered."""

    channel: str
    delivered: bool
    answer: str
