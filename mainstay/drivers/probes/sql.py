"""Any number that a SELECT gives: each column of its first row is a metric. ``rows`` counts the rows."""

import time

from pydantic import Field

from mainstay.domain.reading import Reading
from mainstay.domain.saying import say
from mainstay.drivers.database import MOST_ROWS, Rows, Unread
from mainstay.drivers.probes import Reach
from mainstay.drivers.rows import shown
from mainstay.drivers.tables import Query, Table, as_number

BLOCKING = True
METRICS = {"*": "1", "rows": "1", "seconds": "s"}
TITLES = {
    "rows": say("rows"), "seconds": say("duration of the query"),
}  # fmt: skip


class Settings(Query):
    """``query`` must be one SELECT. ``:now`` is the time in UTC; further names come from ``params``."""

    rows: int = Field(20, ge=1, le=MOST_ROWS, description="rows that are kept as evidence")


class Probe:
    """Keeps nothing of its own."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings = settings
        self._table = Table(settings.dsn, settings.params, reach)

    def read(self) -> Reading:
        settings = self._settings
        began = time.monotonic()
        try:
            found = self._table.read(settings.query, MOST_ROWS)
        except Unread as error:
            return Reading(problem=error.problem, blind=True)
        values = {"rows": float(len(found.rows) + found.more), "seconds": time.monotonic() - began}
        return Reading({**_numbers(found), **values}, rows=shown(found.rows, settings.rows))

    def close(self) -> None:
        """The connections are shared and stay."""


def _numbers(found: Rows) -> dict[str, float]:
    """The first row's numbers; a time or a boolean counts as one, a text does not."""
    first = found.rows[0] if found.rows else {}
    return {name: number for name in found.columns if (number := as_number(first.get(name))) is not None}
