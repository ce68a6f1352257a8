"""A rule on live data: the query names the rows that break it. No row, no complaint.

A row is a finding, and critical, unless the check states conditions of its own: then they decide.
"""

import time

from pydantic import Field

from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say
from mainstay.drivers.database import MOST_ROWS, Rows, Unread
from mainstay.drivers.probes import Reach
from mainstay.drivers.rows import shown
from mainstay.drivers.tables import Query, Table, as_number

BLOCKING = True
METRICS = {"rows": "1", "amount": "1", "seconds": "s"}
TITLES = {
    "rows": say("rows found"), "amount": say("amount in the rows found"), "seconds": say("duration of the query"),
}  # fmt: skip


class Settings(Query):
    """``query`` must be one SELECT of the offending rows. A column ``amount`` is summed up as the money at risk."""

    tolerate: int = Field(0, ge=0, lt=MOST_ROWS, description="so many rows are no complaint")
    rows: int = Field(100, ge=1, le=MOST_ROWS, description="rows that are kept as evidence")


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
        if "amount" in found.columns:
            values["amount"] = sum(as_number(row["amount"]) or 0.0 for row in found.rows)
        if len(found.rows) <= settings.tolerate:
            return Reading(values)
        return Reading(values, problem=_broken(found), rows=shown(found.rows, settings.rows))

    def close(self) -> None:
        """The connections are shared and stay."""


def _broken(found: Rows) -> Problem:
    count = len(found.rows)
    if found.more:
        return Problem(Fault.FINDING, say("more than %(n)s rows", n=count))
    return Problem(Fault.FINDING, say("1 row") if count == 1 else say("%(n)s rows", n=count))
