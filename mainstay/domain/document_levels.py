"""What a catalogue may say of levels: which fault has which, how long it may take, and what users are told."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from mainstay.domain import document_forms as forms
from mainstay.domain.reading import Fault
from mainstay.domain.state import Category, Impact, State

_LEVEL = Literal[1, 2, 3]


def _several(value: Any) -> Any:
    """One, or a list of them."""
    return [value] if isinstance(value, int | str) else value


def _either(one: Mapping[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [dict(one), {"type": "array", "items": dict(one)}]})


Numbers = Annotated[list[_LEVEL], BeforeValidator(_several), _either({"enum": [1, 2, 3]})]
States = Annotated[list[State], BeforeValidator(_several), _either({"enum": [*map(str, State)]})]
Reasons = Annotated[
    list[Literal["limit"] | Fault], BeforeValidator(_several), _either({"enum": ["limit", *map(str, Fault)]})
]
Impacts = Annotated[list[Impact], BeforeValidator(_several), _either({"enum": [*map(str, Impact)]})]
Categories = Annotated[list[Category], BeforeValidator(_several), _either({"enum": [*map(str, Category)]})]


class GradingRule(forms.Mapping):
    """A level, and all that must hold for it. What is not said asks nothing; numbers are least ones."""

    title: forms.Text = ""
    level: _LEVEL
    tier: Numbers = Field([], description="the system's tier")
    state: States = Field([], description="the failing check's state")
    impact: Impacts = Field([], description="the failing check's impact")
    category: Categories = Field([], description="the incident's category")
    hours: Literal["", "in", "out"] = Field("", description="in or out of the system's business hours")
    during: forms.Hours = Field("", description="certain hours on the system's clocks")
    above: int = Field(0, ge=0, description="at least so many components need the broken one")
    money: float = Field(0.0, ge=0, description="at least so much money at risk, in the system's currency")
    stuck: int = Field(0, ge=0, description="at least so many stuck cases in the system's flows")
    users: int = Field(0, ge=0, description="at least so many people are affected")
    enabled: bool = Field(True, description="false: leave out the rule of this name")


class Selected(forms.Mapping):
    """For which incidents; empty means all. The narrower of two that fit counts."""

    level: Numbers = []
    category: Categories = []


class Clock(Selected):
    """How long an incident may take, in working time. What is not said stays as the wider one says."""

    respond: forms.Duration | None = Field(None, description="until somebody has taken it on")
    resolve: forms.Duration | None = Field(None, description="until it is over")
    hours: Literal["always", "business"] | None = Field(
        None, description="business: only the system's hours count, without its calendar's holidays"
    )


class Words(Selected):
    """What the users of a system are told. ``{system}`` is filled in."""

    text: forms.Text


KINDS: Mapping[str, tuple[str, type[forms.Mapping]]] = {
    "grading": ("grading", GradingRule), "clocks": ("clock", Clock), "words": ("words", Words),
}  # fmt: skip
"""Key in YAML → what one of its entries is called, and its model."""

Grading = Annotated[dict[forms.Name, GradingRule], Field(description="rules for the level of incidents")]
Clocks = Annotated[dict[forms.Name, Clock], Field(description="how long incidents may take")]
Wordings = Annotated[dict[forms.Name, Words], Field(description="what users are told of incidents")]


class Practice(forms.Mapping):
    """What comes with Mainstay, and what a shared document or a system adds to it or replaces by name."""

    grading: Grading = {}
    clocks: Clocks = {}
    words: Wordings = {}


def fits(one: Selected, level: int, category: str) -> bool:
    """Whether it is for such an incident."""
    return (not one.level or level in one.level) and (not one.category or category in one.category)


def narrowness(one: Selected) -> int:
    """How much it asks for: the level says more than the category, for it says how urgent it is."""
    return 2 * bool(one.level) + bool(one.category)
