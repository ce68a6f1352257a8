"""Rows of a component's database, as the probes on business data read them."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field

from mainstay.domain.reading import Fault
from mainstay.domain.saying import say
from mainstay.drivers.database import Rows, Shelf, Unread
from mainstay.drivers.kinds import Strict
from mainstay.drivers.probes import Reach


class Query(Strict):
    """One SELECT. ``:now`` is the time in UTC; further names come from ``params``."""

    query: str = Field(min_length=6, max_length=50_000)
    params: dict[str, str | int | float | bool] = {}
    dsn: str = Field("", description="only where the component has none")


class Table:
    """Reads on one of the few connections that all checks of a database share."""

    def __init__(self, dsn: str, params: Mapping[str, Any], reach: Reach) -> None:
        self._params, self._timeout, self._at = params, reach.timeout, reach.at
        self._shelf: Shelf | None = None
        if where := dsn or str(reach.component.get("dsn", "")):
            self._shelf = reach.shared(f"database {where}", lambda: Shelf(where, reach.network))

    def read(self, query: str, limit: int, seconds: float | None = None) -> Rows:
        """At most ``limit`` rows within ``seconds``, the whole deadline unless told. Raises Unread."""
        if self._shelf is None:
            detail = say("no database: the component needs a dsn, or the probe `on:` a component that has one")
            raise Unread(Fault.SETUP, detail)
        now = (self._at or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
        return self._shelf.select(query, {"now": now, **self._params}, limit, seconds or self._timeout)


def as_number(value: Any) -> float | None:
    """Decimals, booleans, durations (s) and instants (seconds since 1970, those without a zone read as UTC) too;
    None for anything else and for what is not finite."""
    if isinstance(value, bool | int | float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, timedelta):
        return value.total_seconds()
    return _seconds(value)


def as_instant(value: Any) -> float | None:
    """Seconds since 1970 of a time, also of its text as SQLite keeps it; None for anything else."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return as_number(value)


def _seconds(value: Any) -> float | None:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
    return None
