"""A statement on a database. One that reads is one SELECT, read-only and bounded like a check's. One that writes waits
for a second person's yes, who is shown the rows that it will change; it is done in one transaction, which is given up
when it would touch another number of rows than were shown.

Values reach the database as parameters (``:name``), never as part of the statement.
"""

import time
from typing import Any, Literal

from pydantic import Field

from mainstay.domain.document_forms import Duration
from mainstay.domain.duration import parse_duration
from mainstay.domain.saying import say, words_of
from mainstay.drivers.database import connect
from mainstay.drivers.database_writing import WriteFailed, dialect_of, is_reading, show_statement, write
from mainstay.drivers.rows import Unread
from mainstay.drivers.statement import Refused
from mainstay.drivers.steps import Ask, Bench, Done, StepFailed, StepSettings

FIXED = ("query", "shows", "dsn")
SHOWN = 50
"""Rows that people are shown."""
READ = 200


class Settings(StepSettings):
    """``dsn`` is the component's unless another one, say of an account that may write, is given."""

    query: str = Field(min_length=1, max_length=20_000)
    params: dict[str, Any] = Field({}, description="what :name in the statement stands for")
    dsn: str = ""
    shows: str = Field("", description="a SELECT of what a write will change, where that cannot be derived from it")
    role: Literal["operator", "approver", "administrator"] = Field("approver", description="who may agree to a write")
    quorum: int = Field(1, ge=1, le=5)
    deadline: Duration = Field("1d", description="how long a yes is waited for")
    rows: int | None = Field(None, ge=0, description="a read fails unless it finds so many rows")


def _query(settings: Any) -> str:
    return str(settings.get("query", "") if isinstance(settings, dict) else settings.query)


def repeatable(settings: Any) -> bool:
    return is_reading(_query(settings))


def asks(settings: Any) -> bool:
    return not is_reading(_query(settings))


def question(settings: Settings, bench: Bench) -> Ask:
    """The rows as they are now."""
    dsn = _dsn(settings, bench)
    try:
        shows = settings.shows or show_statement(settings.query, dialect_of(dsn))
        rows = _read(dsn, shows, settings, bench, SHOWN)
    except Refused as error:
        raise StepFailed(words_of(error), retry=False) from None
    shown = {
        "columns": list(rows.columns), "rows": [[_plain(one) for one in row.values()] for row in rows.rows],
        "more": rows.more, "statement": settings.query,
        "params": {name: _plain(one) for name, one in settings.params.items()},
    }  # fmt: skip
    return Ask(settings.role, settings.quorum, parse_duration(settings.deadline), shown=shown, others=True, then=True)


def perform(settings: Settings, bench: Bench) -> Done:
    dsn = _dsn(settings, bench)
    if asks(settings):
        expected = None if bench.shown.get("more") else len(bench.shown.get("rows", ()))
        try:
            changed, text = write(
                dsn, settings.query, settings.params, expected, network=bench.network, seconds=_left(bench)
            )
        except WriteFailed as error:
            raise StepFailed(words_of(error), retry=False) from None
        return Done({"count": changed}, text)
    rows = _read(dsn, settings.query, settings, bench, READ)
    if settings.rows is not None and (len(rows.rows) != settings.rows or rows.more):
        raise StepFailed(say("%(n)s rows were found, %(wanted)s are right", n=len(rows.rows), wanted=settings.rows))
    first = {name: _plain(value) for name, value in rows.rows[0].items()} if rows.rows else {}
    lines = ["\t".join(rows.columns), *("\t".join(str(_plain(one)) for one in row.values()) for row in rows.rows)]
    return Done({"count": len(rows.rows), **first}, "\n".join(lines))


def _read(dsn: str, text: str, settings: Settings, bench: Bench, limit: int) -> Any:
    try:
        connection = connect(dsn, bench.network, _left(bench))
        try:
            return connection.select(text, settings.params, limit, _left(bench))
        finally:
            connection.close()
    except Unread as error:
        raise StepFailed(error.problem.detail) from None


def _dsn(settings: Settings, bench: Bench) -> str:
    if found := settings.dsn or str(bench.component.get("dsn", "")):
        return found
    raise StepFailed(say("no dsn: give one to the step or its component"), retry=False)


def _left(bench: Bench) -> float:
    return max(0.1, bench.until - time.monotonic())


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float) else str(value)
