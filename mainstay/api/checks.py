"""Checks: how they stand, what they measured, look now; flows."""

import math
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mainstay.api import answers
from mainstay.api.auth import actor, needs, sight
from mainstay.api.rows import change_row, check_row, flow_row, standing_row, value_rows
from mainstay.api.shapes import Done, Moment, Name, Page, Paging, Text, page
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Check
from mainstay.monitoring import actions, queries
from mainstay.settings import BASE_URL

router = Router(tags=["checks"])


class Wanted(Schema):
    """Which checks."""

    system: Text | None = None
    state: answers.StateName | None = None
    kind: Text = ""


class Stretch(Schema):
    """Which samples: the last so many hours of a metric, thinned to so many points."""

    metric: Text
    hours: float = Field(24.0, gt=0, le=24 * 3660)
    points: int = Field(300, ge=1, le=5000)


class Span(Schema):
    """Which state changes; a time says its zone."""

    system: Text | None = None
    start: Moment | None = None
    end: Moment | None = None


@router.get("/checks", response=Page[answers.Check], **needs("catalogue.read"))
def list_checks(request: HttpRequest, paging: Query[Paging], wanted: Query[Wanted]) -> Any:
    """By system and name, each with how it stands."""
    found = catalogue.checks(wanted.system, sight(request)).select_related("standing").order_by("system__name", "name")
    if wanted.state:
        found = found.filter(standing__state=wanted.state)
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    return page(request, found, paging, check_row)


@router.get("/standings", response=Page[answers.Standing], **needs("catalogue.read"))
def list_standings(
    request: HttpRequest,
    paging: Query[Paging],
    system: Text | None = None,
    state: answers.StateName | None = None,
) -> Any:
    """How the checks stand that were looked at, and nothing else of them: made to be asked often."""
    found = queries.standings(system, [state] if state else None, sight(request))
    return page(request, found, paging, standing_row)


@router.get("/changes", response=Page[answers.Change], **needs("catalogue.read"))
def list_all_changes(request: HttpRequest, paging: Query[Paging], span: Query[Span]) -> Any:
    """The newest state changes first, of all checks or of one system's; at most 10,000 of them."""
    return _changes(request, paging, span, None)


@router.get("/checks/{system}/{name}", response=answers.WholeCheck, **needs("catalogue.read"))
def show_check(request: HttpRequest, system: Name, name: Name) -> Any:
    row = _check(request, system, name)
    values = queries.last_values([row.pk])[row.pk]
    return {**check_row(row), "definition": row.document, "values": value_rows(values)}


@router.get("/checks/{system}/{name}/samples", response=answers.Samples, **needs("catalogue.read"))
def list_samples(request: HttpRequest, system: Name, name: Name, stretch: Query[Stretch]) -> Any:
    row = _check(request, system, name)
    end = datetime.now(UTC).timestamp()
    found = queries.samples(row.pk, stretch.metric, end - stretch.hours * 3600, end, stretch.points)
    numbers = [[value if math.isfinite(value) else None for value in point] for point in found]
    return {"metric": stretch.metric, "columns": ["at", "low", "mean", "high"], "points": numbers}


@router.get("/checks/{system}/{name}/changes", response=Page[answers.Change], **needs("catalogue.read"))
def list_changes(request: HttpRequest, system: Name, name: Name, paging: Query[Paging]) -> Any:
    """The newest first; at most 10,000 of them."""
    return _changes(request, paging, Span(), _check(request, system, name).pk)


@router.post("/checks/{system}/{name}/run", response=Done, **needs("check.run"))
def run_check(request: HttpRequest, system: Name, name: Name) -> Any:
    """Ask the checker to look at once."""
    actions.request_run(_check(request, system, name), actor=actor(request))
    return {}


@router.get("/checks/{system}/{name}/flow", response=answers.Flow, **needs("catalogue.read"))
def show_flow(request: HttpRequest, system: Name, name: Name) -> Any:
    found = _check(request, system, name)
    return flow_row(queries.observation(found.pk) if found.kind == "flow" else None)


@router.get("/checks/{system}/{name}/ping-address", response=answers.Address, **needs("check.run"))
def ping_address(request: HttpRequest, system: Name, name: Name) -> Any:
    """Who knows it can report for the job; so it is not for viewers."""
    row = _check(request, system, name)
    if row.kind != "heartbeat":
        raise Check.DoesNotExist(f"{row} is no heartbeat; nothing reports to it")
    return {"url": f"{BASE_URL}/ping/{actions.ping_token(row, actor=actor(request))}"}


def _check(request: HttpRequest, system: str, name: str) -> Check:
    return catalogue.checks(system, sight(request)).select_related("standing").get(name=name)


_MOST = 10_000


def _changes(request: HttpRequest, paging: Paging, span: Span, check_id: int | None) -> Any:
    found = queries.changes(
        check_id=check_id, system=span.system, start=span.start, end=span.end, limit=_MOST, sight=sight(request)
    )
    return page(request, found, paging, change_row)
