"""Rows and totals, until the shared one is there."""

from mainstay.domain.fingerprint import Fingerprint
from mainstay.drivers.backup_tools import Source


def fingerprinted(connection, source: Source) -> Fingerprint:  # type: ignore[no-untyped-def]
    rows = {}
    for schema, name in connection.execute(
        "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"
    ).fetchall():
        rows[f"{schema}.{name}"] = connection.execute(f'select count(*) from "{schema}"."{name}"').fetchone()[0]  # noqa: S608
    totals = {name: str(connection.execute(text).fetchone()[0]) for name, text in source.totals.items()}
    return Fingerprint(rows=rows, totals=totals)
