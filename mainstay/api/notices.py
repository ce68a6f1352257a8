"""Notices and what became of them; trying a channel."""

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from mainstay.api import answers
from mainstay.api.auth import actor, needs, sight
from mainstay.api.rows import delivery_row, notice_row
from mainstay.api.shapes import Name, Number, Page, Paging, Text, page
from mainstay.notices import actions, queries

router = Router(tags=["notices"])


class Of(Schema):
    """Of which incident."""

    incident: int | None = Field(None, ge=1, le=2**63 - 1)


class Wanted(Of):
    """Which deliveries."""

    channel: Text = ""
    outcome: Literal["", "waiting", "sent", "failed"] = ""


@router.get("/notices", response=Page[answers.Notice], **needs("notice.read"))
def list_notices(request: HttpRequest, paging: Query[Paging], of: Query[Of]) -> Any:
    """The newest first, each with what became of it in every channel."""
    return page(request, queries.notices(of.incident, sight(request)), paging, notice_row)


@router.get("/deliveries", response=Page[answers.Delivery], **needs("notice.read"))
def list_deliveries(request: HttpRequest, paging: Query[Paging], wanted: Query[Wanted]) -> Any:
    """The newest first."""
    found = queries.deliveries(
        incident_id=wanted.incident, channel=wanted.channel, outcome=wanted.outcome, sight=sight(request)
    )
    return page(request, found, paging, delivery_row)


@router.post("/deliveries/{number}/retry", response=answers.Delivery, **needs("notice.retry"))
def retry(request: HttpRequest, number: Number) -> Any:
    """Send a waiting or given-up delivery now."""
    return delivery_row(actions.retry(number, actor=actor(request)))


@router.post("/channels/{name}/test", response=answers.Delivery, **needs("channel.test"))
def test_channel(request: HttpRequest, name: Name) -> Any:
    """Send a test message; the delivery shows what the receiver answered."""
    return delivery_row(actions.test_channel(name, actor=actor(request)))
