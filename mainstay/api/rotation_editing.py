"""Putting and retiring a rotation, and seeing first who would be on call. A part of ``on_call``."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Schema

from mainstay.api.auth import actor, needs
from mainstay.api.editing import Edited
from mainstay.api.on_call import router
from mainstay.api.on_call_answers import Shift
from mainstay.api.on_call_rows import ahead_row
from mainstay.api.shapes import Name
from mainstay.catalogue import actions, queries
from mainstay.catalogue.editing import Proposal
from mainstay.catalogue.editing_rotations import rotation_proposal, rotation_writing
from mainstay.domain import on_call
from mainstay.domain.difference import Difference
from mainstay.on_call.queries import drafted

__all__ = ["router"]


class RotationWanted(on_call.Rotation):
    """A rotation as YAML has it, whole: what is not said is the default."""


class RotationWritten(Schema):
    """A rotation as it is written, without what says the default."""

    name: str
    definition: dict[str, Any]


class RotationAhead(Schema):
    """Four weeks of a rotation; ``gaps`` are the shifts of nobody among them, ``strangers`` names that nobody has."""

    shifts: list[Shift]
    gaps: int
    strangers: list[str]


@router.get("/on-call/rotations/{name}", response=RotationWritten, **needs("oncall.read"))
def show_rotation(request: HttpRequest, name: Name) -> Any:
    """How it is written."""
    queries.arrangements("rotation").get(name=name)
    return {"name": name, "definition": rotation_writing(name).own}


@router.post("/on-call/rotations/{name}/preview", response=RotationAhead, **needs("catalogue.try"))
def preview_rotation(request: HttpRequest, name: Name, body: RotationWanted) -> Any:
    """Who would be on call in the next four weeks if it said this; nothing is changed."""
    found = rotation_proposal(rotation_writing(name), _said(body))
    return ahead_row(drafted(name, on_call.Rotation.model_validate(found.definition)), datetime.now(UTC))


@router.put("/on-call/rotations/{name}", response=Edited, **needs("catalogue.apply"))
def put_rotation(request: HttpRequest, name: Name, body: RotationWanted, dry_run: bool = False) -> Any:
    """Make a rotation or change it; who stands in goes on standing in."""
    present = rotation_writing(name)
    found = rotation_proposal(present, _said(body))
    done = found.differences
    if not dry_run:
        done = actions.put_rotation(name, _said(body), actor=actor(request), seen=present.seen)
    return _edited(found, done)


@router.delete("/on-call/rotations/{name}", response=Edited, **needs("catalogue.apply"))
def retire_rotation(request: HttpRequest, name: Name) -> Any:
    """Refused while an escalation or a response team calls it. Who was on call stays on record."""
    queries.arrangements("rotation").get(name=name)
    return _edited(None, actions.retire("rotation", name, actor=actor(request)))


def _said(body: RotationWanted) -> dict[str, Any]:
    """What was said, and no default."""
    return body.model_dump(mode="json", exclude_defaults=True)


def _edited(found: Proposal | None, done: list[Difference]) -> dict[str, Any]:
    return {"differences": [one.plain() for one in done], "yaml": found.lines if found else []}
