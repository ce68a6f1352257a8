"""The fingerprint of a MariaDB database: taken inside whatever transaction the session is in."""
# ruff: noqa: S608 - the statements are made of words that stand here, and of names in quotes

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import pymysql

from mainstay.drivers import staging
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.mariadb_session import Session, ask
from mainstay.drivers.statement import Refused, examined

TABLES = """select table_name, coalesce(engine, '') from information_schema.tables
    where table_schema = %s and table_type = 'BASE TABLE' order by 1"""
_SCHEMA = (
    """select 'column', table_name, column_name, column_type, is_nullable, column_default, extra, collation_name,
        generation_expression from information_schema.columns where table_schema = %s
        order by table_name, ordinal_position""",
    """select 'index', table_name, index_name, seq_in_index, column_name, non_unique, sub_part, index_type
        from information_schema.statistics where table_schema = %s order by 2, 3, 4""",
    """select 'constraint', table_name, constraint_name, constraint_type from information_schema.table_constraints
        where table_schema = %s order by 2, 3""",
    """select 'reference', table_name, constraint_name, referenced_table_name, update_rule, delete_rule
        from information_schema.referential_constraints where constraint_schema = %s order by 2, 3""",
    """select 'routine', routine_name, routine_type, data_type, md5(routine_definition) from information_schema.routines
        where routine_schema = %s order by 2, 3""",
    """select 'trigger', trigger_name, event_object_table, action_timing, event_manipulation, md5(action_statement)
        from information_schema.triggers where trigger_schema = %s order by 2""",
    """select 'view', table_name from information_schema.views where table_schema = %s order by 2""",
    """select 'table', table_name, table_type, engine, table_collation from information_schema.tables
        where table_schema = %s and table_type = 'BASE TABLE' order by 2""",
)


def take(db: Session, database: str, totals: Mapping[str, str], tables: Sequence[str], of: str = "") -> dict[str, Any]:
    """Schema, rows of every table, control totals and sums of tables. ``of``: the name that the database had where it
    was copied, if another. Raises ToolFailed, pymysql.MySQLError."""
    names, of = [str(row[0]) for row in ask(db, TABLES, (database,))], of or database
    return {
        "schema": schema(db, database, of),
        "rows": {f"{of}.{name}": _count(db, database, name) for name in names},
        "totals": {name: _total(db, name, query) for name, query in totals.items()},
        "sums": {f"{of}.{name}": _sum(db, database, name) for name in tables},
    }


def schema(db: Session, database: str, of: str = "") -> str:
    """One digest over all definitions. A column that takes its value from a sequence names the database."""
    here, there = f"nextval({quoted(database)}.", f"nextval({quoted(of or database)}."
    digest = hashlib.sha256()
    for query in _SCHEMA:
        for row in ask(db, query, (database,)):
            values = [value.replace(here, there) if isinstance(value, str) else value for value in row]
            digest.update(repr(tuple(staging.plain(value) for value in values)).encode())
    return digest.hexdigest()


def _count(db: Session, database: str, table: str) -> int:
    return int(ask(db, f"select count(*) from {quoted(database, table)}")[0][0])


def _total(db: Session, name: str, query: str) -> Any:
    try:
        rows = ask(db, examined(query, "mysql"))
    except (Refused, pymysql.ProgrammingError) as error:
        raise ToolFailed("refused", f"control total {name}: {error.args[-1]}") from None
    return staging.plain(rows[0][0]) if rows else None


def _sum(db: Session, database: str, table: str) -> str:
    """The server's own checksum over all rows, whatever order they lie in."""
    row = ask(db, f"checksum table {quoted(database, table)} extended")[0]
    if row[1] is None:
        raise ToolFailed("refused", f"there is no table {table} to sum up")
    return str(row[1])


def quoted(*names: str) -> str:
    """A name as it is written in a statement."""
    return ".".join("`" + name.replace("`", "``") + "`" for name in names)


def together(prints: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of several databases, as one."""
    whole: dict[str, Any] = {"schema": "-".join(one["schema"] for one in prints)}
    for part in ("rows", "totals", "sums"):
        whole[part] = {name: value for one in prints for name, value in one[part].items()}
    return whole
