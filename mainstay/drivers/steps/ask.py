"""Somebody is asked; the answers are held to their form and are the step's outputs."""

from typing import Any, Literal

from pydantic import Field

from mainstay.domain.document_forms import Duration, Text
from mainstay.domain.duration import parse_duration
from mainstay.domain.runbook import FieldName, Question
from mainstay.drivers.steps import Ask, Bench, StepSettings

FIXED: tuple[str, ...] = ()


class Settings(StepSettings):
    """What is asked."""

    questions: dict[FieldName, Question] = Field(min_length=1, max_length=30)
    words: Text = ""
    role: Literal["operator", "approver", "administrator"] = "operator"
    deadline: Duration = "7d"


def repeatable(_settings: Any) -> bool:
    return True


def asks(_settings: Any) -> bool:
    return True


def question(settings: Settings, _bench: Bench) -> Ask:
    asked = {name: one.model_dump(mode="json") for name, one in settings.questions.items()}
    return Ask(settings.role, 1, parse_duration(settings.deadline), settings.words, asked)
