"""A runbook as a user writes it: one YAML file. What a kind of step wants besides stands with the kind."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from mainstay.domain.document_forms import Duration, Mapping, Name, Text, listed

Value = str | int | float | bool
StepName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Question(Mapping):
    """Something that a person is asked: at the start of a run, or by a step."""

    title: Text = ""
    kind: Literal["text", "number", "flag", "choice"] = "text"
    choices: list[str] = Field([], max_length=50)
    default: Value | None = None
    required: bool = True
    least: float | None = Field(None, description="of a number")
    most: float | None = Field(None, description="of a number")
    longest: int = Field(1000, ge=1, le=10_000, description="characters of a text")


class Step(Mapping):
    """One step. Keys beyond these belong to the kind."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Name
    title: Text = ""
    on: str = Field("", max_length=130, description="component, or system/component; empty: what the run is about")
    when: Annotated[list[str], BeforeValidator(listed)] = Field(
        [], description="conditions that must all hold, such as ${look.state} == critical; else it is left out"
    )
    timeout: Duration = Field("1m", description="how long the step may take, waiting included")
    retries: int = Field(0, ge=0, le=20)
    retry_after: Duration = "10s"
    on_failure: Literal["stop", "skip", "roll-back"] = "stop"
    repeatable: bool | None = Field(
        None, description="true: it does no harm to do it twice; else a person is asked when it may have run"
    )
    rollback: dict[StepName, "Step"] = Field({}, description="steps that undo it")


class Runbook(Mapping):
    """Steps that bring something about, one after the other."""

    runbook: Name
    title: Text = ""
    help: Text = Field("", description="when to use it, and what to look at first")
    kinds: list[str] = Field([], description="kinds of component that it can be run on; empty: it needs none")
    inputs: dict[FieldName, Question] = {}
    steps: dict[StepName, Step] = Field(min_length=1)


PARALLEL, RUN = "parallel", "run"
"""The kinds that hold other steps."""


class Branches(Mapping):
    """``kind: parallel``: each branch is steps of its own, one after the other; all branches go on at once."""

    branches: dict[StepName, dict[StepName, Step]] = Field(min_length=1, max_length=20)


class Inner(Mapping):
    """``kind: run``: the steps of another runbook."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    runbook: Name
    given: dict[FieldName, Value] = Field({}, alias="with", description="its inputs")
