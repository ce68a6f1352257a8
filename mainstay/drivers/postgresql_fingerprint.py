"""The fingerprint of a PostgreSQL database: taken inside whatever transaction the connection is in."""
# ruff: noqa: S608 - the statements are made of words that stand here

import hashlib
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from mainstay.drivers import staging
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.statement import Refused, examined

Connection = psycopg.Connection[Any]

NO_ROOM = (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory)
"""What a server says for want of disk or memory, which says nothing of its data."""

SETTINGS = (
    "set datestyle = 'ISO, YMD'", "set timezone = 'UTC'", "set bytea_output = 'hex'", "set extra_float_digits = 3",
    "set intervalstyle = 'postgres'", "set search_path = public", "set statement_timeout = 0",
    "set idle_in_transaction_session_timeout = 0", "set quote_all_identifiers = off",
)  # fmt: skip
"""So that the same value is the same text on both sides, and nothing ends a transaction that waits for a dump."""

_OURS = """n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"""
_NOT_OF_EXTENSION = """not exists (select from pg_depend d where d.objid = {oid} and d.deptype = 'e'
    and d.classid = '{catalogue}'::regclass)"""
_CLASS = f"{_OURS} and {_NOT_OF_EXTENSION.format(oid='c.oid', catalogue='pg_class')}"

TABLES = f"""select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence <> 't' and {_CLASS} order by 1, 2"""
"""Tables and partitions that hold rows of their own; not those that an extension brings, which no dump holds."""

_SCHEMA = (
    # columns, by their order and not their number, which counts the dropped ones too
    f"""select 'column', n.nspname, c.relname, c.relkind::text, a.attname, format_type(a.atttypid, a.atttypmod),
        a.attnotnull, a.attidentity::text, a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and c.relpersistence <> 't' and a.attnum > 0
        and not a.attisdropped and {_CLASS} order by n.nspname, c.relname, a.attnum""",
    f"""select 'constraint', n.nspname, c.relname, k.conname, k.contype::text, k.convalidated,
        pg_get_constraintdef(k.oid) from pg_constraint k join pg_class c on c.oid = k.conrelid
        join pg_namespace n on n.oid = c.relnamespace where {_CLASS}""",
    f"""select 'index', n.nspname, c.relname, pg_get_indexdef(i.indexrelid) from pg_index i
        join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'm') and {_CLASS}""",
    f"""select 'view', n.nspname, c.relname, pg_get_viewdef(c.oid) from pg_class c
        join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('v', 'm') and {_CLASS}""",
    f"""select 'trigger', n.nspname, c.relname, t.tgname, t.tgenabled::text, pg_get_triggerdef(t.oid) from pg_trigger t
        join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
        where not t.tgisinternal and {_CLASS}""",
    f"""select 'sequence', n.nspname, c.relname, s.seqtypid::regtype::text, s.seqincrement from pg_sequence s
        join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
        where {_CLASS}""",
    f"""select 'function', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), p.prokind::text, p.prosrc
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where {_OURS} and {_NOT_OF_EXTENSION.format(oid="p.oid", catalogue="pg_proc")}""",
    f"""select 'enum', n.nspname, t.typname, array_agg(e.enumlabel order by e.enumsortorder)::text from pg_type t
        join pg_enum e on e.enumtypid = t.oid join pg_namespace n on n.oid = t.typnamespace
        where {_OURS} and {_NOT_OF_EXTENSION.format(oid="t.oid", catalogue="pg_type")}
        group by 2, 3""",
    "select 'extension', extname from pg_extension where extname <> 'plpgsql'",
)  # fmt: skip
_CAST = re.compile(
    r"::(?:character varying|double precision|bit varying|timestamp with(?:out)? time zone|"
    r'time with(?:out)? time zone|[\w".]+)(?:\(\d+(?:,\s*\d+)?\))?(?:\[\])*'
)


def settle(db: Connection, until: float) -> None:
    """Make a session ready for a fingerprint; each of its statements is over by then. Raises psycopg.Error."""
    for setting in SETTINGS:
        db.execute(setting)
    db.execute(f"set statement_timeout = {max(1, int(1000 * (until - time.monotonic())))}".encode())


def take(db: Connection, totals: Mapping[str, str], tables: Sequence[str], prefix: str = "") -> dict[str, Any]:
    """Schema, rows of every table, control totals and sums of tables. ``prefix`` goes before the names of tables.
    Raises ToolFailed, psycopg.Error."""
    return {
        "schema": schema(db),
        "rows": {**_rows(db, prefix), **_large_objects(db, prefix)},
        "totals": {name: _total(db, name, query) for name, query in totals.items()},
        "sums": {f"{prefix}{name}": _sum(db, name) for name in tables},
    }


def schema(db: Connection) -> str:
    """One digest over all definitions. Casts, brackets and spaces are left out of expressions: what the server
    shows of the same one has others once it was dumped and read again."""
    digest = hashlib.sha256()
    for query in _SCHEMA:
        lines = [repr(tuple(map(_shown, row))) for row in db.execute(query.encode())]
        if query is not _SCHEMA[0]:
            lines.sort()  # the server may sort texts otherwise there than here
        digest.update("\n".join(lines).encode())
    return digest.hexdigest()


def _shown(value: Any) -> Any:
    return re.sub(r"[()\s]+", "", _CAST.sub("", value)) if isinstance(value, str) else value


def _rows(db: Connection, prefix: str) -> dict[str, int]:
    return {f"{prefix}{space}.{name}": _count(db, space, name) for space, name in db.execute(TABLES).fetchall()}


def _large_objects(db: Connection, prefix: str) -> dict[str, int]:
    """They lie in no table of ours; named only where there are any."""
    count = int(_first(db, sql.SQL("select count(*) from pg_largeobject_metadata").format()))
    return {f"{prefix}large objects": count} if count else {}


def _count(db: Connection, space: str, name: str) -> int:
    return int(_first(db, sql.SQL("select count(*) from only {}").format(sql.Identifier(space, name))))


def _total(db: Connection, name: str, query: str) -> Any:
    try:
        row = db.execute(examined(query, "postgres").encode()).fetchone()
    except (Refused, psycopg.ProgrammingError) as error:
        raise ToolFailed("refused", f"control total {name}: {str(error).splitlines()[0]}") from None
    return staging.plain(row[0]) if row else None


def _sum(db: Connection, table: str) -> str:
    """A digest over all rows, whatever order they lie in."""
    query = sql.SQL(
        "select count(*) || ':' || coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0) from {} t"
    )
    return str(_first(db, query.format(sql.Identifier(*table.split(".", 1)))))


def _first(db: Connection, query: sql.Composed) -> Any:
    row = db.execute(query).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always gives one
    return row[0]
