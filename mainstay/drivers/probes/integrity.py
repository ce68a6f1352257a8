"""A rule on live data: the query names the rows that break it. No row, no complaint."""

import time

from pydantic import Field

from mainstay.domain.reading import Reading
from mainstay.drivers.database import MOST_ROWS, Unread
from mainstay.drivers.probes import Reach, Strict
from mainstay.drivers.tables import as_number, broken, read_rows

BLOCKING = True
METRICS = {"rows": "1", "amount": "1", "seconds": "s"}


class Settings(Strict):
    """``query`` must be one SELECT of the offending rows. A column ``amount`` is summed up as the money at risk."""

    query: str = Field(min_length=6, max_length=50_000)
    params: dict[str, str | int | float | bool] = {}
    dsn: str = Field("", description="only where the component has none")
    tolerate: int = Field(0, ge=0, lt=MOST_ROWS, description="so many rows are no complaint")
    rows: int = Field(100, ge=1, le=MOST_ROWS, description="rows that are read as evidence")


class Probe:
    """Reads on one of the few connections that all checks of the database share."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._reach = settings, reach

    def read(self) -> Reading:
        settings = self._settings
        began = time.monotonic()
        try:
            limit = max(settings.rows, settings.tolerate + 1)
            found = read_rows(self._reach, settings.dsn, settings.query, settings.params, limit)
        except Unread as error:
            return Reading(problem=error.problem, blind=True)
        values = {"rows": float(len(found.rows)), "seconds": time.monotonic() - began}
        if "amount" in found.columns:
            values["amount"] = sum(as_number(row["amount"]) or 0.0 for row in found.rows)
        wrong = len(found.rows) > settings.tolerate
        return Reading(values, problem=broken(found) if wrong else None, rows=found.rows if wrong else ())

    def close(self) -> None:
        """The connections are shared and stay."""
