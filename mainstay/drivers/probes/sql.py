"""Any number that a SELECT gives: each column of its first row is a metric. ``rows`` counts the rows."""

import time

from pydantic import Field

from mainstay.domain.reading import Reading
from mainstay.drivers.database import MOST_ROWS, Rows, Unread
from mainstay.drivers.probes import Reach, Strict
from mainstay.drivers.tables import as_number, read_rows

BLOCKING = True
METRICS = {"*": "1", "rows": "1", "seconds": "s"}


class Settings(Strict):
    """``query`` must be one SELECT. ``:now`` is the time in UTC; further names come from ``params``."""

    query: str = Field(min_length=6, max_length=50_000)
    params: dict[str, str | int | float | bool] = {}
    dsn: str = Field("", description="only where the component has none")
    rows: int = Field(20, ge=1, le=MOST_ROWS, description="rows that are kept as evidence")


class Probe:
    """Reads on one of the few connections that all checks of the database share."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._reach = settings, reach

    def read(self) -> Reading:
        settings = self._settings
        began = time.monotonic()
        try:
            found = read_rows(self._reach, settings.dsn, settings.query, settings.params, settings.rows)
        except Unread as error:
            return Reading(problem=error.problem, blind=True)
        values = {"rows": float(len(found.rows)), "seconds": time.monotonic() - began}
        return Reading({**_numbers(found), **values}, rows=found.rows)

    def close(self) -> None:
        """The connections are shared and stay."""


def _numbers(found: Rows) -> dict[str, float]:
    """The first row's numbers; a time or a boolean counts as one, a text does not."""
    first = found.rows[0] if found.rows else {}
    return {name: number for name in found.columns if (number := as_number(first.get(name))) is not None}
