"""The audit trail: read, verify, take away."""

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Schema

from mainstay.api import answers
from mainstay.api.auth import needs
from mainstay.api.rows import record_row, verdict_row
from mainstay.api.shapes import Page, Paging, Text, page
from mainstay.audit import queries

router = Router(tags=["audit"])

LINES = "application/x-ndjson"


class Wanted(Schema):
    """Which records: an act or its first word, part of who did it, words of anything."""

    act: Text = ""
    by: Text = ""
    text: Text = ""


@router.get("/audit", response=Page[answers.Record], **needs("audit.read"))
def list_records(request: HttpRequest, paging: Query[Paging], wanted: Query[Wanted]) -> Any:
    """The newest first."""
    found = queries.records(act=wanted.act, actor=wanted.by, text=wanted.text)
    return page(request, found, paging, record_row)


@router.get("/audit/verify", response=answers.Verdict, **needs("audit.read"))
def verify(request: HttpRequest) -> Any:
    """Walk the whole trail, against the heads that were noted on this machine."""
    return verdict_row(queries.verify())


@router.get("/audit/export", **needs("audit.export", **{"x-answer": LINES}))
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The whole trail as JSON lines, oldest first; `mainstay audit verify --file` checks them anywhere."""
    return whole()


def whole() -> StreamingHttpResponse:
    """What both faces give away."""
    named = {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
    return StreamingHttpResponse(_chunks(queries.export()), content_type=LINES, headers=named)


async def _chunks(lines: Iterator[str]) -> AsyncIterator[str]:
    """Some at a time: a long trail is never in memory whole."""
    while some := await sync_to_async(_some)(lines):
        yield some


def _some(lines: Iterator[str]) -> str:
    return "".join(line + "\n" for line in islice(lines, 1000))
