"""What every list does alike: words, filters, order and pages, all of them in the address."""

from collections.abc import Collection, Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

PER_PAGE = 50
LONGEST = 100


def words(request: HttpRequest, key: str = "q") -> str:
    """What is searched for."""
    return request.GET.get(key, "").strip()[:LONGEST]


def chosen(request: HttpRequest, key: str, known: Collection[str], default: str = "") -> str:
    """The value of a filter or order, if it is one that is known."""
    value = request.GET.get(key, default)
    return value if value in known else default


class Cut(list[Any]):
    """The first of many rows; ``more`` says how many are not among them."""

    more = 0


def cut(rows: Sequence[Any] | QuerySet[Any], most: int) -> Cut:
    """No more than ``most`` of the rows; a list that is cut must say so."""
    some = list(rows[: most + 1])
    found = Cut(some[:most])
    if len(some) > most:
        found.more = (rows.count() if isinstance(rows, QuerySet) else len(rows)) - most
    return found


def shown(request: HttpRequest, rows: Sequence[Any] | QuerySet[Any], per_page: int = PER_PAGE) -> dict[str, Any]:
    """One page of the rows, and the rest of the address for the links to the others."""
    page: Page[Any] = Paginator(rows, per_page).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    return {"page": page, "query": query.urlencode()}
