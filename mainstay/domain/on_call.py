"""On call as a user writes it: teams, rotations, escalations, vendors, and who responds for a system."""

import re
from collections.abc import Mapping as AnyMapping
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from mainstay.domain.document_forms import Day, Duration, Hours, Language, Mapping, Name, Text, form_of, listed
from mainstay.domain.duration import parse_duration

TARGETS = ("rotation", "person", "team", "channel", "vendor")
"""What a step may call, and a role of a response team may be."""
_TARGET = re.compile(rf"(?P<kind>{'|'.join(TARGETS)}):(?P<name>\S+)")
_DAY = 86_400


def parse_target(text: str) -> tuple[str, str]:
    """Kind and name of ``rotation:it-week``. Raises ValueError with what would be right."""
    found = _TARGET.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is nobody that can be called; write such as rotation:it-week or person:alice")
    return found["kind"], found["name"]


def parse_clock(text: str) -> time:
    """Read ``09:00``. Raises ValueError."""
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", text)
    if not found:
        raise ValueError(f"{text!r} is not a time of day; write 00:00 to 23:59")
    return time(int(found[1]), int(found[2]))


def _target(text: str) -> str:
    parse_target(text)
    return text


def _clock(text: str) -> str:
    parse_clock(text)
    return text


def _days(text: str) -> str:
    seconds = parse_duration(text)
    if seconds < _DAY or seconds % _DAY:
        raise ValueError(f"{text!r} is no number of whole days; write such as 1d or 1w, and shorter turns as layers")
    return text


Target = Annotated[str, AfterValidator(_target)]
"""``kind:name``."""
Targets = Annotated[
    list[Target],
    BeforeValidator(listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Clock = Annotated[str, AfterValidator(_clock)]
Turn = Annotated[str, AfterValidator(_days)]
Username = Annotated[str, Field(min_length=1, max_length=150, pattern=r"^[\w.@+-]+$")]


class Team(Mapping):
    """People who answer together."""

    title: Text = ""
    members: list[Username] = Field(min_length=1, description="as they sign in")


class Layer(Mapping):
    """People who take turns. At any moment that it holds, exactly one of them is on call by it."""

    people: list[Username] = Field(min_length=1, description="as they sign in; the first begins")
    start: Day = Field("2026-01-05", description="the day of the first hand-over; nobody is on call before")
    turn: Turn = Field("1w", description="how long a turn lasts: 1d, 1w, 2w …")
    handover: Clock = Field("09:00", description="when one turn ends and the next begins, on the clocks of the zone")
    timezone: str = Field("", description="empty: the rotation's; one each makes the rotation follow the sun")
    during: Hours = Field("", description="only in these hours; empty means always")
    holidays: Literal["as-usual", "off", "only"] = Field("as-usual", description="of the rotation's calendar")


class Rotation(Mapping):
    """Who is on call when. Of the layers that hold at a moment the first decides; where none does, there is a gap."""

    title: Text = ""
    timezone: str = "UTC"
    calendar: Name | None = None
    team: Name | None = Field(None, description="whose feed of shifts it is part of")
    layers: list[Layer] = Field(min_length=1)


class Step(Mapping):
    """One step of an escalation: who is called, so long after the step before."""

    call: Targets = Field(min_length=1, description="rotation:, person:, team:, channel: or vendor: and a name")
    after: Duration = Field("0s", description="how long after the step before, if nobody took it on")
    during: Hours = Field("", description="outside these hours the step is passed over; empty means always")
    timezone: str = Field("UTC", description="of the hours")


class Escalation(Mapping):
    """Who is called, one step after the other, until somebody takes the incident on."""

    title: Text = ""
    steps: list[Step] = Field(min_length=1, max_length=20)
    repeat: int = Field(0, ge=0, le=5, description="how often all of it is gone through again")
    again: Duration = Field("30m", description="how long after the last step it begins again")
    remind: Duration | None = Field(None, description="who was called last is called again so often, until one answers")
    nobody: Targets = Field([], description="called when a step finds nobody on call; else the next step comes at once")


class Vendor(Mapping):
    """Somebody outside who is called by mail."""

    title: Text = ""
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)
    language: Language = "en"
    respond: Duration | None = Field(None, description="the contract's time to answer, from the call on")
    phone: str = Field("", max_length=50, pattern=r"^[0-9+()/. -]*$", description="such as +86 21 5555 0100")
    contract: str = Field("", max_length=100, description="its number, as the vendor wants to hear it")
    until: Day | None = Field(None, description="the last day on which the contract holds")
    hours: Hours = Field("", description="when somebody answers; empty means always")
    timezone: str = Field("UTC", description="of the hours")


class ByLevel(Mapping):
    """An escalation for each level; a level without one calls nobody."""

    severe: Name | None = None
    partial: Name | None = None
    slight: Name | None = None


Escalated = Annotated[
    Annotated[Name, Tag("text")] | Annotated[ByLevel, Tag("languages")],
    Discriminator(form_of),
]
"""An escalation's name for all levels, or one each."""
LEVELS = {1: "severe", 2: "partial", 3: "slight"}


class ResponseTeam(Mapping):
    """Who does what in an emergency: persons, or whoever is on call in a rotation."""

    commander: Target | None = None
    operations: Target | None = None
    communication: Target | None = None
    scribe: Target | None = None
    vendor_liaison: Target | None = None


ROLES = tuple(ResponseTeam.model_fields)

ARRANGEMENTS: dict[str, type[Mapping]] = {
    "team": Team, "rotation": Rotation, "escalation": Escalation, "vendor": Vendor,
}  # fmt: skip
"""Kinds of shared objects, each under its plural in a catalogue."""


def escalation_for(escalated: str | AnyMapping[str, Any] | None, level: int) -> str:
    """The name of the escalation for a level, of what a system says in its stored form; empty for none."""
    if isinstance(escalated, AnyMapping):
        return escalated.get(LEVELS[level]) or ""
    return escalated or ""
