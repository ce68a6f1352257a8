"""Incidents in numbers: the operation, and its shape on the API and after ``--json``."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any, Literal

from django.http import HttpRequest
from django.utils.timezone import get_current_timezone
from ninja import Field, Query, Router, Schema
from pydantic import ConfigDict

from mainstay.api import answers
from mainstay.api.auth import needs, sight
from mainstay.api.rows import Row
from mainstay.api.shapes import Text
from mainstay.domain.incident_stats import Pace as FoundPace
from mainstay.domain.state import Category
from mainstay.incidents import queries

router = Router(tags=["incidents"])


class Wanted(Schema):
    """Of which system; of all by default."""

    system: Text = ""


class Took(Schema):
    """Seconds; null where fewer than three are known."""

    count: int
    mean: float | None
    median: float | None


class Within(Schema):
    """Of how many it is known whether they kept to a clock, and the share that did; null for fewer than three."""

    count: int
    share: float | None


class Pace(Schema):
    """Time until somebody took it on, and until it was over; and how many did both within their clocks."""

    acknowledge: Took
    resolve: Took
    responded: Within
    restored: Within


class LevelPace(Pace):
    """Of one level."""

    level: Literal[1, 2, 3]


class MonthPace(Pace):
    """Of one month, such as 2027-01."""

    month: str


class Week(Schema):
    """How many were opened in the week from this Monday, by level."""

    week: date
    levels: dict[Literal["1", "2", "3"], int]


class Often(Schema):
    """How many a system had; null for what belongs to none."""

    system: str | None
    count: int


class Statistics(Schema):
    """Incidents opened in the last 26 weeks, in numbers."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="from")
    total: int
    weeks: list[Week]
    categories: dict[answers.CategoryName, int]
    systems: list[Often]
    other_systems: int
    pace: Pace
    levels: list[LevelPace]
    months: list[MonthPace]


@router.get("/incident-stats", response=Statistics, **needs("incident.read"))
def show_incident_stats(request: HttpRequest, wanted: Query[Wanted]) -> Any:
    """The last 26 weeks: by week and level, category and system; times to acknowledge and resolve."""
    found = queries.statistics(datetime.now(UTC), get_current_timezone(), wanted.system, sight(request))
    return statistics_row(found)


def statistics_row(found: queries.Statistics) -> Row:
    """Incidents in numbers; times in seconds, null where fewer than three are known."""
    return {
        "from": found.first, "total": found.total,
        "weeks": [{"week": one.start, "levels": {str(key): count for key, count in one.levels.items()}}
                  for one in found.weeks],
        "categories": {one.value: found.categories.get(one.value, 0) for one in Category},
        "systems": [{"system": name or None, "count": count} for name, count in found.systems],
        "other_systems": found.others,
        "pace": pace_row(found.all),
        "levels": [{"level": level, **pace_row(one)} for level, one in found.levels.items()],
        "months": [{"month": month, **pace_row(one)} for month, one in found.months.items()],
    }  # fmt: skip


def pace_row(found: FoundPace) -> Row:
    """Time to acknowledge and time to resolve, and what was within the clocks, each with the count behind it."""
    return asdict(found)
