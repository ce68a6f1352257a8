"""A table as a queue: rows that wait, read like any other business data."""

import time

from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say
from mainstay.drivers.database import Unread
from mainstay.drivers.tables import Table, as_instant, as_number


def waiting_rows(table: str, time_column: str, where: str) -> str:
    """The query for a table whose every row waits, or every row that ``where`` tells."""
    rule = f"\nwhere {where}" if where else ""
    return f"select count(*) as depth, min({time_column}) as oldest from {table}{rule}"  # noqa: S608 - examined before it is sent, see statement.py


class TableQueue:
    """The first row's ``depth`` and, if there is one, ``oldest``."""

    def __init__(self, query: str, table: Table) -> None:
        self._query, self._table = query, table

    def read(self) -> Reading:
        try:
            found = self._table.read(self._query, 1)
        except Unread as error:
            return Reading(problem=error.problem, blind=True)
        row = found.rows[0] if found.rows else {}
        depth = as_number(row.get("depth"))
        if depth is None:
            detail = say(
                "the query must give one row with a number called depth, and a time called oldest if there is one"
            )
            return Reading(problem=Problem(Fault.SETUP, detail), blind=True)
        values = {"depth": depth}
        oldest = row.get("oldest")
        if oldest is not None:
            since = as_instant(oldest)
            if since is None:
                detail = say("oldest is no time but %(value)s", value=repr(str(oldest)[:60]))
                return Reading(values, Problem(Fault.SETUP, detail), blind=True)
            values["age"] = max(0.0, time.time() - since)
        elif depth == 0:
            values["age"] = 0.0
        return Reading(values)

    def close(self) -> None:
        """The connections are shared and stay."""
