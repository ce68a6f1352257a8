"""Others than the one who asked for the run have to agree: so many, of a role, in time."""

from typing import Any, Literal

from pydantic import Field

from mainstay.domain.document_forms import Duration, Text
from mainstay.domain.duration import parse_duration
from mainstay.drivers.steps import Ask, Bench, StepSettings

FIXED: tuple[str, ...] = ()


class Settings(StepSettings):
    """A no ends it as a failure."""

    role: Literal["operator", "approver", "administrator"] = "approver"
    quorum: int = Field(1, ge=1, le=10)
    deadline: Duration = "1d"
    words: Text = Field("", description="what they agree to")


def repeatable(_settings: Any) -> bool:
    return True


def asks(_settings: Any) -> bool:
    return True


def question(settings: Settings, _bench: Bench) -> Ask:
    return Ask(settings.role, settings.quorum, parse_duration(settings.deadline), settings.words, others=True)
