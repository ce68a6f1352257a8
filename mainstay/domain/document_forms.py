"""The forms in which a user writes single things in a catalogue: names, durations, hours, words by language."""

from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from mainstay.domain.calendar import parse_hours
from mainstay.domain.daily import parse_daily
from mainstay.domain.duration import parse_duration
from mainstay.domain.heartbeat import parse_cron
from mainstay.domain.threshold import parse_condition


def _duration(text: str) -> str:
    parse_duration(text)
    return text


def _hours(text: str) -> str:
    parse_hours(text)
    return text


def _condition(text: str) -> str:
    parse_condition(text)
    return text


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a day; write such as 2027-01-01") from None
    return text


def _daily(text: str) -> str:
    if text:
        parse_daily(text)
    return text


def _cron(text: str) -> str:
    return parse_cron(text) if text else text


def listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def form_of(value: Any) -> str:
    """Which of the two forms was meant, so that an error speaks of that one only."""
    return "languages" if isinstance(value, dict | BaseModel) else "text"


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Duration = Annotated[str, AfterValidator(_duration)]
Hours = Annotated[str, AfterValidator(_hours)]
Condition = Annotated[str, AfterValidator(_condition)]
Conditions = Annotated[
    list[Condition],
    BeforeValidator(listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Day = Annotated[str, AfterValidator(_day)]
Patterns = Annotated[
    list[str],
    BeforeValidator(listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Daily = Annotated[str, AfterValidator(_daily)]
Cron = Annotated[str, AfterValidator(_cron)]
"""Five words of cron, or empty for never."""
Language = Literal["en", "zh", "zh-hant"]
"""What words may be written in and a reader may ask for; who reads Traditional Chinese gets ``zh`` where there is no
``zh-hant``, which is for words of its own."""
LANGUAGES = frozenset(get_args(Language))
Text = Annotated[
    Annotated[str, Tag("text")] | Annotated[dict[Language, str], Tag("languages")],
    Discriminator(form_of),
]
"""Words in one form for all, or by language."""
PackUse = Annotated[
    Annotated[Name, Tag("text")]
    | Annotated[dict[Name, dict[str, str | int | float | bool]], Field(min_length=1, max_length=1), Tag("languages")],
    Discriminator(form_of),
]
"""A pack's name, or its name and the parameters that differ from its defaults."""


class Mapping(BaseModel):
    """A YAML mapping in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
