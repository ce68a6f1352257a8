"""Who is on call: rotations, who stands in, swaps, hand-overs, who would be called and who was, calendars."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mainstay.api import on_call_answers as answers
from mainstay.api.auth import actor, needs, sight
from mainstay.api.on_call_rows import (
    explained_row,
    feed_row,
    handover_row,
    override_row,
    planned_rows,
    rota_row,
    swap_row,
)
from mainstay.api.shapes import Body, Moment, Name, Number, Page, Paging, Text, page
from mainstay.catalogue import queries as catalogue
from mainstay.incidents import queries as incidents
from mainstay.on_call import actions, feeds, queries
from mainstay.on_call.models import Feed
from mainstay.on_call.moving import from_grafana_oncall

router = Router(tags=["on call"])

Short = Annotated[Text, Field(max_length=300)]


class OfRotation(Schema):
    """Of which rotation; all when left out."""

    rotation: Text = ""


class StandIn(Body):
    """``person`` is on call in a rotation from ``start`` to ``end``, whatever the turns say."""

    rotation: Text
    person: Text
    start: Moment
    end: Moment
    reason: Short = ""


class SwapAsk(StandIn):
    """``person`` asks ``taker``, or anybody of the rotation, to take that; and takes from ``back_start`` to
    ``back_end`` of the taker's for it."""

    taker: Text = ""
    back_start: Moment | None = None
    back_end: Moment | None = None


class Take(Body):
    """Who takes it."""

    taker: Text


class HandOver(Body):
    """Words for ``to``, or for who comes next."""

    rotation: Text
    words: Annotated[Text, Field(max_length=4000)] = ""
    to: Text = ""


class Supposed(Schema):
    """An incident of this level that begins at a moment; now when left out."""

    level: int = Field(1, ge=1, le=3)
    at: Moment | None = None


class OfPerson(Schema):
    """Why he was called; all when left out."""

    person: Text = ""


class Export(Body):
    """The objects of Grafana OnCall's API: users, teams, schedules, on_call_shifts, escalation_chains,
    escalation_policies, each a list or a page with results."""

    export: dict[str, Any]


@router.get("/on-call", response=list[answers.Rota], **needs("oncall.read"))
def list_rotations(request: HttpRequest) -> Any:
    """Every rotation: who is on call now, and the fortnight to come with its gaps."""
    now = datetime.now(UTC)
    return [rota_row(one, now) for one in queries.rotas().values()]


@router.get("/on-call/overrides", response=Page[answers.Override], **needs("oncall.read"))
def list_overrides(request: HttpRequest, paging: Query[Paging], of: Query[OfRotation]) -> Any:
    """Those in force or to come."""
    return page(request, queries.overrides(datetime.now(UTC), of.rotation), paging, override_row)


@router.post("/on-call/overrides", response=answers.Override, **needs("oncall.override"))
def override(request: HttpRequest, body: StandIn) -> Any:
    """Somebody stands in."""
    return override_row(actions.override(**body.dict(), actor=actor(request)))


@router.post("/on-call/overrides/{number}/end", response=answers.Override, **needs("oncall.override"))
def end_override(request: HttpRequest, number: Number) -> Any:
    """Take it back: from now on the turns count again."""
    return override_row(actions.end_override(number, actor=actor(request)))


@router.get("/on-call/swaps", response=Page[answers.Swap], **needs("oncall.read"))
def list_swaps(request: HttpRequest, paging: Query[Paging], of: Query[OfRotation]) -> Any:
    """The newest first."""
    return page(request, queries.swaps(rotation=of.rotation), paging, swap_row)


@router.post("/on-call/swaps", response=answers.Swap, **needs("oncall.swap"))
def ask_swap(request: HttpRequest, body: SwapAsk) -> Any:
    """SwapAsk somebody to take a part of one's shifts; only an approver asks for another."""
    back = (body.back_start, body.back_end) if body.back_start and body.back_end else None
    return swap_row(actions.ask_swap(
        body.rotation, body.person, body.start, body.end, taker=body.taker, back=back, reason=body.reason,
        actor=actor(request),
    ))  # fmt: skip


@router.post("/on-call/swaps/{number}/take", response=answers.Swap, **needs("oncall.swap"))
def take_swap(request: HttpRequest, number: Number, body: Take) -> Any:
    """Agree; it becomes an override each."""
    return swap_row(actions.take_swap(number, taker=body.taker, actor=actor(request)))


@router.post("/on-call/swaps/{number}/refuse", response=answers.Swap, **needs("oncall.swap"))
def refuse_swap(request: HttpRequest, number: Number) -> Any:
    """He who was asked does not."""
    return swap_row(actions.refuse_swap(number, actor=actor(request)))


@router.post("/on-call/swaps/{number}/withdraw", response=answers.Swap, **needs("oncall.swap"))
def withdraw_swap(request: HttpRequest, number: Number) -> Any:
    """Who asked asks no more."""
    return swap_row(actions.withdraw_swap(number, actor=actor(request)))


@router.get("/on-call/hand-overs", response=Page[answers.Handover], **needs("oncall.read"))
def list_handovers(request: HttpRequest, paging: Query[Paging], of: Query[OfRotation]) -> Any:
    """The newest first."""
    found = queries.handovers(of.rotation)
    return page(request, found, paging, lambda row: handover_row(row, sight(request)))


@router.post("/on-call/hand-overs", response=answers.Handover, **needs("oncall.handover"))
def hand_over(request: HttpRequest, body: HandOver) -> Any:
    """Hand over now, by hand, with words."""
    who = actor(request)
    return handover_row(actions.hand_over(body.rotation, body.words, to=body.to, actor=who), who.sight)


@router.post("/on-call/hand-overs/{number}/confirm", response=answers.Handover, **needs("oncall.handover"))
def confirm_handover(request: HttpRequest, number: Number) -> Any:
    """The next person knows; only an approver says it for him."""
    who = actor(request)
    return handover_row(actions.confirm(number, actor=who), who.sight)


@router.get("/on-call/feeds/{kind}/{owner}", response=answers.Feed, **needs("oncall.read"))
def show_feed(request: HttpRequest, kind: Name, owner: Name) -> Any:
    """The address of a calendar of shifts, of a person or a team."""
    if kind not in actions.FEEDS:
        raise Feed.DoesNotExist
    return feed_row(kind, owner, feeds.feed_of(kind, owner))


@router.post("/on-call/feeds/{kind}/{owner}", response=answers.Feed, **needs("oncall.feed"))
def renew_feed(request: HttpRequest, kind: Name, owner: Name) -> Any:
    """A new address; the old one shows nothing any more."""
    return feed_row(kind, owner, actions.renew_feed(kind, owner, actor=actor(request)))


@router.post("/on-call/import", response=answers.Translated, **needs("catalogue.try"))
def import_grafana_oncall(request: HttpRequest, body: Export) -> Any:
    """Schedules and escalation chains of Grafana OnCall as a file for the catalogue. Nothing is applied."""
    return from_grafana_oncall(body.export)._asdict()


@router.get("/systems/{name}/on-call", response=answers.Plan, **needs("catalogue.read"))
def simulate(request: HttpRequest, name: Name, supposed: Query[Supposed]) -> Any:
    """Who would be called, if nobody ever took the incident on. Nothing is sent."""
    system, at = catalogue.system(name, sight(request)), supposed.at or datetime.now(UTC)
    return {
        "system": name, "level": supposed.level, "at": at,
        "escalation": queries.escalation_of(system, supposed.level),
        "steps": planned_rows(queries.simulate(system, supposed.level, at)),
    }  # fmt: skip


@router.get("/incidents/{number}/calls", response=answers.Explained, **needs("incident.read"))
def explain_calls(request: HttpRequest, number: Number, of: Query[OfPerson]) -> Any:
    """Who was called for an incident and why, and who comes next."""
    found = incidents.incident(number, sight(request))
    return explained_row(found, queries.explain(found, of.person))
