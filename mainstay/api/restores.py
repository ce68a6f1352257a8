"""Restores for real."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mainstay.api import restore_answers as answers
from mainstay.api.auth import actor, needs, sight
from mainstay.api.backup_jobs import NO_POLICY, OfPolicy
from mainstay.api.restore_rows import preview_row, restore_row, restore_rows
from mainstay.api.shapes import Body, Moment, Number, Page, Paging, Text, page
from mainstay.backups import actions, queries
from mainstay.catalogue import queries as catalogue
from mainstay.engine import restoring
from mainstay.engine.copy_contents import contents
from mainstay.engine.restore_preview import preview

router = Router(tags=["backups"])
NOT_NOW = {409: {"description": "the store cannot be asked now; detail says why"}}


class WantedRestores(OfPolicy):
    """Which restores."""

    state: Literal["", "asked", "safety", "running", "done", "failed", "aborted", "lapsed"] = ""


class Ask(Body):
    """From which copy of the policy (the newest, that of a number, or, where the tool can, as of a moment), to where: a
    new ``directory``, a new ``database``, or the ``live`` place, which a second person has to approve. ``only``: these
    paths, this database, or these tables."""

    policy: Text
    to: Literal["directory", "database", "live"]
    target: Text = Field("", max_length=1000)
    copy_id: int | None = Field(None, ge=1, le=2**63 - 1)
    moment: Moment | None = None
    only: list[Text] = Field([], max_length=100)
    reason: Text = Field("", max_length=1000)


class Below(Schema):
    """A directory of the copy."""

    below: Text = Field("/", max_length=1000)


class Approval(Body):
    """The seal of what was read: an approval is of exactly that."""

    seal: Text = Field(max_length=64)


class Abort(Body):
    """Why."""

    reason: Text = Field("", max_length=500)


@router.get("/backups/copies/{number}/preview", response=answers.RestorePreview, **needs("backup.restore"))
def preview_restore(request: HttpRequest, number: Number) -> Any:
    """What the copy holds, and what would be lost; the live system is asked, and given 15 seconds."""
    return preview_row(preview(queries.copy(number, sight(request)), actor=actor(request)))


@router.get(
    "/backups/copies/{number}/contents",
    response=answers.CopiedFiles,
    **needs("backup.restore", responses=NOT_NOW),
)
def list_files_of_copy(request: HttpRequest, number: Number, wanted: Query[Below]) -> Any:
    """What lies in a directory of the copy, as the store holds it; of a dump its files, of physical copies nothing."""
    found = contents(queries.copy(number, sight(request)), wanted.below, actor=actor(request))
    return {"below": found.below, "items": [asdict(one) for one in found.entries], "more": found.more}


@router.get("/backups/restores", response=Page[answers.Restore], **needs("backup.read", responses=NO_POLICY))
def list_restores(request: HttpRequest, paging: Query[Paging], wanted: Query[WantedRestores]) -> Any:
    """The newest first, unless asked otherwise."""
    of = catalogue.policy(wanted.policy, sight(request)) if wanted.policy else None
    found = queries.restores(of, wanted.state, sight(request), text=wanted.text, sort=wanted.sort)
    return page(request, found, paging, restore_row)


@router.post("/backups/restores", response=answers.WholeRestore, **needs("backup.restore"))
def ask_for_restore(request: HttpRequest, body: Ask) -> Any:
    """To a new place it begins at once; to the live place it waits for a second person."""
    asked = restoring.ask(
        body.policy, body.copy_id, body.to, body.target, only=body.only, moment=body.moment, reason=body.reason,
        actor=actor(request),
    )  # fmt: skip
    return restore_rows(asked)


@router.get("/backups/restores/{number}", response=answers.WholeRestore, **needs("backup.read"))
def show_restore(request: HttpRequest, number: Number) -> Any:
    """With each step and who took it."""
    return restore_rows(queries.restore(number, sight(request)))


@router.post("/backups/restores/{number}/approve", response=answers.WholeRestore, **needs("backup.approve"))
def approve_restore(request: HttpRequest, number: Number, body: Approval) -> Any:
    """By a person who is signed in and did not ask for it; a fresh copy of the live place is taken first."""
    queries.restore(number, sight(request))
    return restore_rows(actions.approve(number, body.seal, datetime.now(UTC), actor=actor(request)))


@router.post("/backups/restores/{number}/abort", response=answers.WholeRestore, **needs("backup.abort"))
def abort_restore(request: HttpRequest, number: Number, body: Abort) -> Any:
    """Possible until the place itself is being changed."""
    queries.restore(number, sight(request))
    return restore_rows(actions.abort(number, body.reason, datetime.now(UTC), actor=actor(request)))
