"""Changing a check, and seeing first what the change would have done. A part of ``checks``: the addresses are its."""

from datetime import UTC, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Schema

from mainstay.api import answers
from mainstay.api.auth import actor, needs, sight
from mainstay.api.checks import router
from mainstay.api.preview_answers import Preview
from mainstay.api.rows import preview_row
from mainstay.api.shapes import Body, Name, Text
from mainstay.catalogue import actions, editing
from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import authorise
from mainstay.domain.document_forms import Language
from mainstay.monitoring import queries

__all__ = ["router"]

Words = Text | dict[Language, Text]


class CheckChange(Body):
    """The keys of a check that shall be another; what is not named stays."""

    title: Words = ""
    every: Text = ""
    timeout: Text = ""
    warn: list[Text] | Text = []
    crit: list[Text] | Text = []
    during: Text = ""
    failures: int = Field(2, strict=True)
    missing: Text | None = None
    category: answers.CategoryName = "system"
    impact: Literal["outage", "degraded", "risk"] = "degraded"
    help: Words = ""
    evidence: int = Field(100, strict=True)
    mask: list[Text] = []
    enabled: bool = Field(True, strict=True)

    def keys(self) -> dict[str, Any]:
        """Those that were given."""
        return self.model_dump(exclude_unset=True, exclude={"days", "dry_run"})


class PreviewIn(CheckChange):
    """And over how many days."""

    days: float = Field(7.0, gt=0, le=queries.MOST_DAYS)


class EditIn(CheckChange):
    """``dry_run``: say what would be changed, and change nothing."""

    dry_run: bool = Field(False, strict=True)


class Edited(Schema):
    """What was or would be changed; ``yaml`` is the difference of the system's text, line by line."""

    differences: list[answers.Difference]
    yaml: list[str]


@router.post("/checks/{system}/{name}/preview", response=Preview, **needs("catalogue.read"))
def preview_check(request: HttpRequest, system: Name, name: Name, body: PreviewIn) -> Any:
    """What the check would have done in the last days with these keys; nothing is changed."""
    row = catalogue.checks(system, sight(request)).get(name=name)
    wanted = editing.proposal(editing.writing(system, name), body.keys())
    return preview_row(queries.preview(row, wanted.definition, datetime.now(UTC), body.days))


@router.patch("/checks/{system}/{name}", response=Edited, **needs("check.edit"))
def edit_check(request: HttpRequest, system: Name, name: Name, body: EditIn) -> Any:
    """Only these keys of what its system's user wrote are changed; a pack's check gets them as its own."""
    authorise(actor(request), "check.edit", system=system)
    wanted = editing.proposal(present := editing.writing(system, name), body.keys())
    done = wanted.differences
    if not body.dry_run:
        done = actions.edit_check(system, name, body.keys(), actor=actor(request), seen=present.seen)
    return {"differences": [one.plain() for one in done], "yaml": wanted.lines}
