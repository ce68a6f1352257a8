"""What goes over the wire, alike for every operation: bodies, parts of lists, problems (RFC 9457)."""

from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Field, P, PathEx, Schema
from pydantic import AwareDatetime, BeforeValidator, ConfigDict

from mainstay.api.rows import Row

M = TypeVar("M", bound=Model)
S = TypeVar("S")

Number = PathEx[int, P(ge=1, le=2**63 - 1)]
"""A row's number in an address."""


def _no_zero(value: Any) -> Any:
    """PostgreSQL keeps no zero bytes, and no name or text needs one."""
    if isinstance(value, str) and "\0" in value:
        raise ValueError("a zero byte is no text")
    return value


def _no_count(value: Any) -> Any:
    """Numbers would be read as seconds or milliseconds since 1970, depending on their size."""
    if not isinstance(value, str) or value.lstrip("+-").replace(".", "", 1).isdigit():
        raise ValueError("write a time with its zone, such as 2027-01-31T18:00:00+08:00")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_no_count)]
"""A point in time, with its zone."""

Day = Annotated[date, BeforeValidator(_no_count)]
"""A day, such as 2027-01-31."""

Text = Annotated[str, BeforeValidator(_no_zero)]
Name = PathEx[str, P(max_length=200, pattern="^[^\\x00]+$")]
"""A name in an address."""


class Body(Schema):
    """What a request brings. A key that nobody knows is refused: it is a misspelt one."""

    model_config = ConfigDict(extra="forbid")


class Paging(Schema):
    """Which part of a list."""

    limit: int = Field(100, ge=1, le=500)
    offset: int = Field(0, ge=0, le=10_000_000)


class Page(Schema, Generic[S]):
    """A part of a list; ``next`` is the address of the following one, null on the last."""

    items: list[S]
    next: str | None
    count: int


class Problem(Schema):
    """RFC 9457; ``errors`` names every field that does not fit."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[dict[str, Any]] = []


class Done(Schema):
    """An act without a result of its own."""

    ok: bool = True


def page(request: HttpRequest, found: QuerySet[M], paging: Paging, shape: Callable[[M], Row]) -> Row:
    """One part of a list, in its own order."""
    end, count = paging.offset + paging.limit, found.count()
    query = {**request.GET.dict(), "limit": paging.limit, "offset": end}
    return {
        "items": [shape(row) for row in found[paging.offset : end]],
        "next": f"{request.path}?{urlencode(query)}" if end < count else None,
        "count": count,
    }


def problem(status: int, detail: str = "", errors: list[Row] | None = None) -> HttpResponse:
    """An error as ``application/problem+json``."""
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "errors": errors or []}
    return JsonResponse(body, status=status, content_type="application/problem+json")
