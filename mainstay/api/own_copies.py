"""Copies of Mainstay itself: which there are, and a new one. What is in them never comes out here."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from mainstay.api.auth import actor, needs
from mainstay.api.rows import Row
from mainstay.own_copies import actions, queries
from mainstay.own_copies.models import OwnCopy

router = Router(tags=["own copies"])


class OwnCopyFile(Schema):
    """A copy in the schedule's directory. ``size`` in bytes."""

    name: str
    size: int
    made_at: datetime
    version: str


class OwnCopyTry(Schema):
    """One that was asked for. ``state``: waiting, running, done, failed."""

    asked_at: datetime
    asked_by: str
    state: str
    ended_at: datetime | None
    problem: str


class OwnCopies(Schema):
    """How Mainstay itself is backed up. ``every`` in seconds; ``passphrase``: whether it was given."""

    directory: str
    every: float
    keep: int
    passphrase: bool
    next_at: datetime | None
    copies: list[OwnCopyFile]
    under_way: OwnCopyTry | None
    last: OwnCopyTry | None


@router.get("/own-copies", response=OwnCopies, **needs("self.backup"))
def list_own_copies(request: HttpRequest) -> Any:
    """The newest first."""
    told = queries.overview(datetime.now(UTC))
    copies = [
        {"name": one.path.name, "size": one.size, "made_at": one.made_at, "version": one.facts["version"]}
        for one in told["copies"]
    ]
    return {**told, "copies": copies, "under_way": _try_row(told["under_way"]), "last": _try_row(told["last"])}


@router.post("/own-copies", response=OwnCopyTry, **needs("self.backup"))
def copy_now(request: HttpRequest) -> Any:
    """The engine makes it; one that is under way already is the answer."""
    return _try_row(actions.ask(actor=actor(request)))


def _try_row(row: OwnCopy | None) -> Row | None:
    if row is None:
        return None
    return {
        "asked_at": row.asked_at, "asked_by": row.asked_by, "state": row.state, "ended_at": row.ended_at,
        "problem": row.problem,
    }  # fmt: skip
