"""Rows of a component's database, as the probes on business data read them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from mainstay.domain.reading import Fault, Problem
from mainstay.drivers.database import Rows, Shelf, Unread
from mainstay.drivers.probes import Reach


def as_number(value: Any) -> float | None:
    """Decimals, booleans, durations (s) and instants (seconds since 1970, those without a zone read as UTC) too."""
    if isinstance(value, bool | int | float | Decimal):
        return float(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
    return None


def read_rows(reach: Reach, dsn: str, query: str, params: dict[str, Any], limit: int) -> Rows:
    """One SELECT on the component's database. Raises Unread."""
    where = dsn or str(reach.component.get("dsn", ""))
    if not where:
        raise Unread(Fault.SETUP, "no database: the component needs a dsn, or the probe `on:` a component that has one")
    shelf: Shelf = reach.shared(f"database {where}", lambda: Shelf(where, reach.network))
    now = datetime.now(UTC).replace(tzinfo=None)
    return shelf.select(query, {"now": now, **params}, limit, reach.timeout)


def broken(rows: Rows) -> Problem:
    """What a rule says when it finds rows."""
    count = f"more than {len(rows.rows)}" if rows.more else str(len(rows.rows))
    return Problem(Fault.FINDING, f"{count} row{'s' if count != '1' else ''}")
