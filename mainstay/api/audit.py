"""The audit trail: read, verify, take away."""

from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from mainstay.api.auth import actor
from mainstay.api.shapes import Page, Paging, Row, page
from mainstay.audit import queries
from mainstay.audit.models import Record

router = Router(tags=["audit"])


def record_row(row: Record) -> Row:
    return {
        "number": row.number, "at": row.at, "actor": row.actor, "act": row.act, "object": row.object,
        "data": row.data, "digest": row.digest,
    }  # fmt: skip


@router.get("/audit", response=Page)
def list_records(request: HttpRequest, paging: Query[Paging], act: str = "", by: str = "", text: str = "") -> Any:
    actor(request, "audit.read")
    return page(request, queries.records(act=act, actor=by, text=text), paging, record_row)


@router.get("/audit/verify", response=dict[str, Any])
def verify(request: HttpRequest) -> Any:
    actor(request, "audit.read")
    verdict = queries.verify()
    return {
        "whole": verdict.whole, "records": verdict.records, "head": verdict.head, "broken_at": verdict.broken_at,
        "reason": verdict.reason,
    }  # fmt: skip


@router.get(
    "/audit/export", response=str, openapi_extra={"responses": {200: {"content": {"application/x-ndjson": {}}}}}
)
def export(request: HttpRequest) -> Any:
    actor(request, "audit.export")
    return StreamingHttpResponse((line + "\n" for line in queries.export()), content_type="application/x-ndjson")
