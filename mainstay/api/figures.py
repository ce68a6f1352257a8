"""Figures of faults: the operation, as JSON and as CSV."""

from datetime import UTC, datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import get_current_timezone
from ninja import Field, Query, Router, Schema

from mainstay.api.auth import needs, sight
from mainstay.api.rows import Row
from mainstay.api.shapes import Text
from mainstay.domain.figures import MOST_MONTHS
from mainstay.incidents import figures

router = Router(tags=["incidents"])

CSV = {200: {"description": "the table", "content": {"text/csv": {"schema": {"type": "string"}}}}}


class FiguresWanted(Schema):
    """Of which system, level and category, and of how many calendar months."""

    system: Text = ""
    level: int | None = Field(None, ge=1, le=3)
    category: Literal["", "system", "data", "business"] = ""
    months: int = Field(figures.MONTHS, ge=1, le=MOST_MONTHS)


class FiguresRow(Schema):
    """Times in seconds, shares from 0 to 1. Means, ``mtbf`` and ``recurrence`` are null for fewer than three;
    ``availability`` for a level or category, and where nothing is known. ``watched``, ``known`` and the counts are what
    stands behind them."""

    group: Literal["all", "system", "month", "level", "category"]
    name: str
    faults: int
    mtta_count: int
    mtta_mean: float | None
    mtta_median: float | None
    mttr_count: int
    mttr_mean: float | None
    mttr_median: float | None
    mtbf: float | None
    watched: float
    recurring: int
    recurrence: float | None
    availability: float | None
    known: float
    down: float


class Figures(Schema):
    """The months that were looked at, and all rows."""

    months: list[str]
    rows: list[FiguresRow]


@router.get("/figures", response=Figures, **needs("incident.read"))
def show_figures(request: HttpRequest, wanted: Query[FiguresWanted]) -> Any:
    """MTTA, MTTR, MTBF, recurrence and availability: all, and by system, month, level and category."""
    return figures_row(
        figures.figures(datetime.now(UTC), get_current_timezone(), **wanted.dict(), sight=sight(request))
    )


@router.get("/figures/csv", **needs("incident.read", responses=CSV))
def show_figures_csv(request: HttpRequest, wanted: Query[FiguresWanted]) -> HttpResponse:
    """The same as a table."""
    found = figures.figures(datetime.now(UTC), get_current_timezone(), **wanted.dict(), sight=sight(request))
    return table(found)


def table(found: figures.Figures) -> HttpResponse:
    """As a file."""
    headers = {"Content-Disposition": 'attachment; filename="figures.csv"'}
    return HttpResponse(figures.as_csv(found), content_type="text/csv; charset=utf-8", headers=headers)


def figures_row(found: figures.Figures) -> Row:
    """Figures as plain data."""
    return {"months": [one.name for one in found.months], "rows": [figures.plain(row) for row in found.rows]}
