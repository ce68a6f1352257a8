"""Notices and what became of them; trying a channel."""

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router

from mainstay.api.auth import actor
from mainstay.api.shapes import Page, Paging, Row, page
from mainstay.notices import actions, queries
from mainstay.notices.models import Delivery

router = Router(tags=["notices"])


def delivery_row(row: Delivery) -> Row:
    return {
        "id": row.pk, "notice": row.notice.key, "incident": row.notice.incident_id, "word": row.notice.word,
        "channel": row.channel.name, "key": row.key, "at": row.notice.at, "due_at": row.due_at,
        "attempts": row.attempts, "sent_at": row.sent_at, "given_up_at": row.given_up_at, "outcome": row.outcome,
    }  # fmt: skip


@router.get("/deliveries", response=Page)
def list_deliveries(
    request: HttpRequest,
    paging: Query[Paging],
    incident: int | None = None,
    channel: str = "",
    outcome: Literal["", "waiting", "sent", "failed"] = "",
) -> Any:
    actor(request, "notice.read")
    found = queries.deliveries(incident_id=incident, channel=channel, outcome=outcome)
    return page(request, found, paging, delivery_row)


@router.post("/deliveries/{number}/retry", response=dict[str, Any])
def retry(request: HttpRequest, number: Path[int]) -> Any:
    return delivery_row(actions.retry(number, actor=actor(request)))


@router.post("/channels/{name}/test", response=dict[str, Any])
def test_channel(request: HttpRequest, name: Path[str]) -> Any:
    return delivery_row(actions.test_channel(name, actor=actor(request)))
