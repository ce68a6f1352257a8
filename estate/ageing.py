"""Moves the seed to today: a dump ages, and its open orders would look stuck after two days.

Timestamps move by the exact time since the dump was made, so that every age stays what it was; dates
move by whole days. The months of the fiscal year are then laid out again as calendar months and every
entry is put into the month of its date: today and the next weeks always lie in an open period.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
from psycopg import sql

from estate.layout import SEED_MANIFEST, read_json

COLUMNS = """
SELECT c.table_name, c.column_name, c.data_type = 'date' AS is_date
FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
  AND (c.data_type = 'date' OR starts_with(c.data_type, 'timestamp'))
ORDER BY 1, 2
"""


def first_of_year(today: dt.date) -> dt.date:
    """The demo's fiscal year starts five or six months before today, on the first of a month."""
    return (today.replace(day=1) - dt.timedelta(days=160)).replace(day=1)


def age(db: psycopg.Connection[Any], now: dt.datetime) -> None:
    """Shift everything by the time since the dump; one transaction, triggers and foreign keys asleep."""
    manifest = read_json(SEED_MANIFEST)
    passed = now.replace(microsecond=0) - dt.datetime.fromisoformat(manifest["moment"])
    days = (now.date() - dt.date.fromisoformat(manifest["day"])).days
    with db.transaction():
        db.execute("SET LOCAL session_replication_role = replica")
        by_table: dict[str, list[tuple[str, bool]]] = {}
        for table, column, is_date in db.execute(COLUMNS):
            by_table.setdefault(table, []).append((column, is_date))
        for table, columns in by_table.items():
            _shift(db, table, columns, passed, days)
        _lay_out_months(db, first_of_year(now.date()))


def _shift(
    db: psycopg.Connection[Any], table: str, columns: list[tuple[str, bool]], passed: dt.timedelta, days: int
) -> None:
    changes = [
        sql.SQL("{0} = {0} + {1}").format(sql.Identifier(name), sql.Literal(days if is_date else passed))
        for name, is_date in columns
        if days or not is_date
    ]
    if changes:
        db.execute(sql.SQL("UPDATE {} SET {}").format(sql.Identifier(table), sql.SQL(", ").join(changes)))


def _lay_out_months(db: psycopg.Connection[Any], first: dt.date) -> None:
    db.execute(
        "UPDATE account_fiscalyear SET start_date = %(f)s::date, name = to_char(%(f)s::date, 'YYYY-MM'),"
        " end_date = (%(f)s::date + interval '12 months - 1 day')::date",
        {"f": first},
    )
    db.execute(
        "UPDATE account_period p SET start_date = m.first, name = to_char(m.first, 'YYYY-MM'),"
        " end_date = (m.first + interval '1 month - 1 day')::date"
        " FROM (SELECT id, (%(f)s::date + (row_number() OVER (ORDER BY start_date, id) - 1)"
        "   * interval '1 month')::date AS first FROM account_period WHERE type = 'standard') m"
        " WHERE m.id = p.id",
        {"f": first},
    )
    db.execute(
        "UPDATE account_move m SET period = p.id FROM account_period p"
        " WHERE p.type = 'standard' AND m.date BETWEEN p.start_date AND p.end_date AND m.period <> p.id"
    )
