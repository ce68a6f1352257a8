"""What goes over the wire, alike for every operation: pages of rows, problems, times in ISO 8601 with UTC offset."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Field, Schema

Row = dict[str, Any]
M = TypeVar("M", bound=Model)


class Paging(Schema):
    """Which part of a list."""

    limit: int = Field(100, ge=1, le=500)
    offset: int = Field(0, ge=0, le=10_000_000)


class Page(Schema):
    """A part of a list; ``next`` is the address of the following one, null on the last."""

    items: list[dict[str, Any]]
    next: str | None
    count: int


class Problem(Schema):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[dict[str, Any]] = []


class Done(Schema):
    """An act without a result of its own."""

    ok: bool = True


def page(request: HttpRequest, found: QuerySet[M], paging: Paging, shape: Callable[[M], Row]) -> dict[str, Any]:
    """One part of a list in its own order."""
    return part(request, list(found[paging.offset : paging.offset + paging.limit]), found.count(), paging, shape)


def part(
    request: HttpRequest, rows: Iterable[M], count: int, paging: Paging, shape: Callable[[M], Row]
) -> dict[str, Any]:
    """The same for rows that were fetched already."""
    end = paging.offset + paging.limit
    query = {**request.GET.dict(), "limit": paging.limit, "offset": end}
    following = f"{request.path}?{urlencode(query)}" if end < count else None
    return {"items": [shape(row) for row in rows], "next": following, "count": count}


def problem(status: int, title: str, detail: str = "", errors: list[Row] | None = None) -> HttpResponse:
    """An error as ``application/problem+json``."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "errors": errors or []}
    return JsonResponse(body, status=status, content_type="application/problem+json")
