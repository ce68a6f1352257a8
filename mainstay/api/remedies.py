"""Remedies: which are written down, who allowed them, and how they went."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mainstay.api import remedy_answers as answers
from mainstay.api.auth import actor, needs, sight
from mainstay.api.remedy_rows import attempt_row, remedy_row, remedy_rows
from mainstay.api.shapes import Body, Name, Page, Paging, Text, page
from mainstay.remedies import actions, queries
from mainstay.remedies.actions.people import LONGEST

router = Router(tags=["remedies"])


class WantedRemedies(Schema):
    """Which remedies."""

    system: Text = ""


class WantedAttempts(Schema):
    """Which attempts."""

    system: Text = ""
    remedy: Text = ""
    incident: int | None = Field(None, ge=1, le=2**63 - 1)


class RemedyConsent(Body):
    """For how many days, and why. ``sign`` names what was read; empty: as it is now."""

    days: int = Field(90, ge=1, le=LONGEST)
    reason: Annotated[Text, Field(max_length=500)]
    sign: Annotated[Text, Field(max_length=64)] = ""


class RemedyRevocation(Body):
    """Why."""

    reason: Annotated[Text, Field(max_length=500)] = ""


@router.get("/remedies", response=answers.Remedies, **needs("remedy.read"))
def list_remedies(request: HttpRequest, wanted: Query[WantedRemedies]) -> Any:
    """All that are written down, and whether each may be applied."""
    return {"items": [remedy_row(one) for one in queries.remedies(_now(), sight(request), system=wanted.system)]}


@router.get("/attempts", response=Page[answers.RemedyAttempt], **needs("remedy.read"))
def list_attempts(request: HttpRequest, paging: Query[Paging], wanted: Query[WantedAttempts]) -> Any:
    """When remedies were applied, and whether they helped. The newest first."""
    found = queries.attempts(
        system=wanted.system, remedy=wanted.remedy, incident=wanted.incident, sight=sight(request)
    )  # fmt: skip
    return page(request, found, paging, attempt_row)


@router.get("/remedies/{system}/{name}", response=answers.WholeRemedy, **needs("remedy.read"))
def show_remedy(request: HttpRequest, system: Name, name: Name) -> Any:
    """With who allowed it, and how it went."""
    return _whole(request, system, name)


@router.post("/remedies/{system}/{name}/allow", response=answers.WholeRemedy, **needs("remedy.allow"))
def allow_remedy(request: HttpRequest, system: Name, name: Name, body: RemedyConsent) -> Any:
    """By a person who is signed in: let it be applied from now on, in place of what was allowed before."""
    actions.allow(system, name, days=body.days, reason=body.reason, sign=body.sign, actor=actor(request))
    return _whole(request, system, name)


@router.post("/remedies/{system}/{name}/revoke", response=answers.WholeRemedy, **needs("remedy.revoke"))
def revoke_remedy(request: HttpRequest, system: Name, name: Name, body: RemedyRevocation) -> Any:
    """No further run begins; one that is under way goes on."""
    actions.revoke(system, name, reason=body.reason, actor=actor(request))
    return _whole(request, system, name)


def _whole(request: HttpRequest, system: str, name: str) -> Any:
    return remedy_rows(queries.remedy(system, name, _now(), sight(request)))


def _now() -> datetime:
    return datetime.now(UTC)
