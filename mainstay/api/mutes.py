"""Mutes: judge on, but tell nobody for a while."""

from datetime import UTC, datetime, timedelta
from typing import Any, Self

from django.http import HttpRequest
from ninja import Field, Query, Router
from pydantic import model_validator

from mainstay.api import answers
from mainstay.api.auth import actor, needs, sight
from mainstay.api.rows import mute_row
from mainstay.api.shapes import Body, Done, Moment, Number, Page, Paging, Text, page
from mainstay.catalogue import queries as catalogue
from mainstay.monitoring import actions, queries

router = Router(tags=["mutes"])

LONGEST = 24.0 * 366


class MuteIn(Body):
    """A system, with or without a component or a check; for so many hours or until a time; and why."""

    system: Text
    component: Text | None = None
    check: Text | None = None
    reason: Text
    hours: float | None = Field(None, gt=0, le=LONGEST, strict=True)
    until: Moment | None = None

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.hours is None) == (self.until is None):
            raise ValueError("say either hours or until")
        return self


@router.get("/mutes", response=Page[answers.Mute], by_alias=True, **needs("catalogue.read"))
def list_mutes(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Those in force."""
    found = queries.mutes(datetime.now(UTC), sight(request)).order_by("-starts_at", "-pk")
    return page(request, found, paging, mute_row)


@router.post("/mutes", response=answers.Mute, by_alias=True, **needs("check.mute"))
def add_mute(request: HttpRequest, body: MuteIn) -> Any:
    system = catalogue.system(body.system, sight(request))
    component = catalogue.components(body.system).get(name=body.component) if body.component else None
    check = catalogue.checks(body.system).get(name=body.check) if body.check else None
    until = body.until or datetime.now(UTC) + timedelta(hours=body.hours or 0)
    made = actions.mute(
        system=system, component=component, check=check, reason=body.reason, until=until, actor=actor(request)
    )
    return mute_row(made)


@router.delete("/mutes/{number}", response=Done, **needs("check.unmute"))
def end_mute(request: HttpRequest, number: Number) -> Any:
    """End it now; one that has ended stays as it is."""
    actions.unmute(number, actor=actor(request))
    return {}
