"""What a database is busy with: what runs now and who holds it up, who is signed in, and what took longest so far.

Fixed statements, read only, bounded in time and rows. Texts in statements are taken out before anything is kept: they
are people's data. What cannot be seen is said, with what would switch it on.
"""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault
from mainstay.domain.redaction import redacted, without_literals
from mainstay.domain.saying import say
from mainstay.drivers.database import Connection, Unread, connect
from mainstay.drivers.database_mariadb import MariaDB
from mainstay.drivers.database_postgresql import PostgreSQL

MOST = 10
"""Rows of each kind; the statements below say it too, and cut what runs at 1,000 characters."""

_RUNNING = """
select a.pid, a.usename as account, a.application_name as program, a.state,
       round(extract(epoch from clock_timestamp() - a.query_start)::numeric, 1) as seconds,
       concat_ws(' ', a.wait_event_type, a.wait_event) as waits,
       array_to_string(pg_blocking_pids(a.pid), ', ') as held_by,
       left(a.query, 1000) as statement
  from pg_stat_activity a
 where a.backend_type = 'client backend' and a.pid <> pg_backend_pid() and a.state <> 'idle'
   and a.datname = current_database()
 order by a.xact_start nulls last limit 10
"""
_SESSIONS = """
select usename as account, application_name as program, host(client_addr) as address, count(*) as sessions,
       count(*) filter (where state <> 'idle') as busy
  from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()
   and datname = current_database()
 group by 1, 2, 3 order by sessions desc, 1 limit 10
"""
_HAS_STATEMENTS = """
select quote_ident(n.nspname) as place,
       (select count(*) from pg_attribute a join pg_class c on c.oid = a.attrelid
         where c.relname = 'pg_stat_statements' and c.relnamespace = n.oid and a.attname = 'total_exec_time') as renamed
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'
"""
_STATEMENTS = """
select left(query, 1000) as statement, calls, round((total_{name}time / 1000)::numeric, 1) as total_seconds,
       round((mean_{name}time / 1000)::numeric, 4) as mean_seconds, rows
  from {place}.pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())
 order by total_{name}time desc limit 10
"""
_HIDDEN = "select count(*) as number from pg_stat_activity where query = '<insufficient privilege>'"

_MARIA_RUNNING = """
select id as pid, user as account, host as program, command as state, time as seconds, state as waits,
       '' as held_by, left(info, 1000) as statement
  from information_schema.processlist where command not in ('Sleep', 'Daemon', 'Binlog Dump') and id <> connection_id()
   and info is not null order by time desc limit 10
"""
_MARIA_SESSIONS = """
select user as account, '' as program, substring_index(host, ':', 1) as address, count(*) as sessions,
       cast(sum(command <> 'Sleep') as signed) as busy
  from information_schema.processlist where id <> connection_id() and user <> 'system user' group by 1, 2, 3
 order by sessions desc, 1 limit 10
"""
_MARIA_STATEMENTS = """
select left(digest_text, 1000) as statement, count_star as calls,
       round(sum_timer_wait / 1e12, 1) as total_seconds, round(avg_timer_wait / 1e12, 4) as mean_seconds,
       sum_rows_sent as `rows`
  from performance_schema.events_statements_summary_by_digest
 where digest_text is not null and (schema_name = database() or database() is null)
 order by sum_timer_wait desc limit 10
"""

_MARIA_MAY_SEE = "select count(*) as number from information_schema.user_privileges where privilege_type = 'PROCESS'"
_MARIA_WAITS = """
select r.trx_mysql_thread_id as waits, b.trx_mysql_thread_id as holds from information_schema.innodb_lock_waits w
  join information_schema.innodb_trx b on b.trx_id = w.blocking_trx_id
  join information_schema.innodb_trx r on r.trx_id = w.requesting_trx_id limit 10
"""

Row = dict[str, Any]


@dataclass(slots=True)
class Busy:
    """``running``: what is under way, the oldest transaction first; ``sessions``: who is signed in; ``statements``:
    what took longest since the server began to count. ``missing``: what could not be seen, and how to switch it on."""

    running: list[Row] = field(default_factory=list)
    sessions: list[Row] = field(default_factory=list)
    statements: list[Row] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def look(dsn: str, network: NetworkPolicy, seconds: float) -> Busy:
    """All of it within ``seconds``. Raises Unread when the database cannot be reached or is of another kind."""
    until = time.monotonic() + seconds
    connection = connect(dsn, network, seconds)
    try:
        if isinstance(connection, PostgreSQL):
            return _postgresql(connection, until)
        if isinstance(connection, MariaDB):
            return _mariadb(connection, until)
        raise Unread(Fault.SETUP, say("what runs can only be seen of PostgreSQL, MariaDB and MySQL"))
    finally:
        connection.close()


def _postgresql(connection: PostgreSQL, until: float) -> Busy:
    ask = _asking(connection, until)
    busy = Busy(_tame(ask(_RUNNING)), ask(_SESSIONS))
    if ask(_HIDDEN)[0]["number"]:
        busy.missing.append(say("the statements of other accounts are hidden: grant pg_monitor to Mainstay's account"))
    found = ask(_HAS_STATEMENTS)
    if not found:
        busy.missing.append(say(
            "what took longest so far is not counted: add pg_stat_statements to shared_preload_libraries, start "
            "PostgreSQL anew, and run: create extension pg_stat_statements"
        ))  # fmt: skip
        return busy
    name = "exec_" if found[0]["renamed"] else ""
    statement = _STATEMENTS.format(place=found[0]["place"], name=name)
    try:
        busy.statements = _tame(ask(statement))
    except Unread as error:  # the extension is there, the library is not loaded
        busy.missing.append(error.problem.detail)
    return busy


def _mariadb(connection: MariaDB, until: float) -> Busy:
    ask = _asking(connection, until)
    busy = Busy(_tame(ask(_MARIA_RUNNING)), ask(_MARIA_SESSIONS))
    if not ask(_MARIA_MAY_SEE)[0]["number"]:
        busy.missing.append(say("the statements of other accounts are hidden: grant PROCESS to Mainstay's account"))
    with contextlib.suppress(Unread):  # MySQL keeps this elsewhere
        held = {row["waits"]: str(row["holds"]) for row in ask(_MARIA_WAITS)}
        busy.running = [{**row, "held_by": held.get(row["pid"], "")} for row in busy.running]
    on = ask("select @@performance_schema as counted")
    if not on or not int(on[0]["counted"]):
        busy.missing.append(say(
            "what took longest so far is not counted: set performance_schema = ON and start the server anew"
        ))  # fmt: skip
        return busy
    try:
        busy.statements = _tame(ask(_MARIA_STATEMENTS))
    except Unread:
        busy.missing.append(say(
            "what took longest so far is hidden: grant SELECT on performance_schema.* to Mainstay's account"
        ))  # fmt: skip
    return busy


def _asking(connection: Connection, until: float) -> Callable[[str], list[Row]]:
    def ask(text: str) -> list[Row]:
        return connection.ask(text, MOST, max(0.1, until - time.monotonic())).rows

    return ask


def _tame(rows: list[Row]) -> list[Row]:
    """Statements without the texts in them and without what looks like a secret."""
    return [_without_data(row) for row in rows]


def _without_data(row: Mapping[str, Any]) -> Row:
    statement = " ".join(without_literals(redacted(str(row.get("statement") or ""))).split())
    return {**row, "statement": statement}
