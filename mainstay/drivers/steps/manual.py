"""Something that only a person can do: an instruction, a tick, and a file that shows it where one is wanted."""

from typing import Any, Literal

from pydantic import Field

from mainstay.domain.document_forms import Duration, Text
from mainstay.domain.duration import parse_duration
from mainstay.drivers.steps import Ask, Bench, StepSettings

FIXED: tuple[str, ...] = ()


class Settings(StepSettings):
    """What to do."""

    words: Text = Field(description="the instruction")
    evidence: bool = Field(False, description="true: no tick without a file that shows it")
    role: Literal["operator", "approver", "administrator"] = "operator"
    deadline: Duration = "7d"


def repeatable(_settings: Any) -> bool:
    return True


def asks(_settings: Any) -> bool:
    return True


def question(settings: Settings, _bench: Bench) -> Ask:
    return Ask(settings.role, 1, parse_duration(settings.deadline), settings.words, evidence=settings.evidence)
