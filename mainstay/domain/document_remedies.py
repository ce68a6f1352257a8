"""Remedies as a user writes them: what mends a known fault by itself, once a person has allowed it."""

from typing import Annotated

from pydantic import Field

from mainstay.domain.document_forms import Duration, Hours, Mapping, Name, Patterns, Text
from mainstay.domain.document_levels import Reasons, States
from mainstay.domain.runbook import FieldName, Value
from mainstay.domain.state import State

RemedyName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,126}$")]


class Remedy(Mapping):
    """A runbook for a check that fails. Written down it does nothing: a person allows it, for a time."""

    title: Text = ""
    checks: Patterns = Field(min_length=1, description="names of checks that it is for; * stands for what one likes")
    state: States = Field([State.CRITICAL], description="how the check must stand")
    because: Reasons = Field(
        [],
        description="why the check must fail: limit (a value is past it) or a fault, such as refused; empty: whatever",
    )
    runbook: Name
    on: Name | None = Field(None, description="the component that the runbook is about; else the check's own")
    inputs: dict[FieldName, Value] = Field({}, description="the runbook's inputs")
    at_most: int = Field(2, ge=1, le=60, description="runs within an hour")
    during: Hours = Field("", description="only in these hours, on the system's clocks; empty means always")
    after: Duration = Field("0s", description="how long the check must have failed before")
    within: Duration = Field("10m", description="how long the run may take; a person is called after that")
    settle: Duration = Field("1m", description="how long after the run the check may take to be well")
    writes: int = Field(
        0, ge=0, le=100,
        description="rows that a statement of the runbook may change without a second person; the allowance covers it",
    )  # fmt: skip
    enabled: bool = Field(True, description="false: leave out a pack's remedy that does not suit")
