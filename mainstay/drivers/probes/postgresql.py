"""PostgreSQL's health: does it take a new connection, and what are those that it has doing.

Each look connects anew, for that is what an application would have to do. Needs no right beyond ``pg_monitor``.
"""

import time
from typing import Any

from pydantic import Field

from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say
from mainstay.drivers.database import Connection, Unread, connect
from mainstay.drivers.kinds import Strict
from mainstay.drivers.probes import Reach

BLOCKING = True
METRICS = {
    "connect": "s", "connections": "%", "longest_transaction": "s", "longest_wait": "s", "blocked": "1",
    "replication_lag": "s", "replication_bytes": "B", "cache_hit": "%", "size": "B", "growth": "B/s", "dead_rows": "%",
    "deadlocks": "1/s", "rollbacks": "1/s", "wraparound": "%", "version": "1", "standbys": "1", "synchronous": "1",
}  # fmt: skip
TITLES = {
    "connect": say("time to connect"), "connections": say("connections in use"),
    "longest_transaction": say("longest transaction"), "longest_wait": say("longest wait for a lock"),
    "blocked": say("blocked sessions"), "replication_lag": say("replication lag"),
    "replication_bytes": say("replication backlog"), "cache_hit": say("cache hits"), "size": say("size of the data"),
    "growth": say("growth of the data"), "dead_rows": say("dead rows"), "deadlocks": say("deadlocks"),
    "rollbacks": say("rollbacks"), "wraparound": say("transaction numbers used"), "version": say("server version"),
    "standbys": say("standbys that stream"), "synchronous": say("synchronous standbys"),
}  # fmt: skip

_NOW = """
select (select setting::int from pg_settings where name = 'max_connections')
       - (select setting::int from pg_settings where name = 'superuser_reserved_connections') as room,
       (select setting::int from pg_settings where name = 'server_version_num') as version,
       (select count(*) from pg_stat_activity where backend_type = 'client backend') as used,
       (select count(*) from pg_stat_activity where wait_event_type = 'Lock') as blocked,
       (select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0) from pg_stat_activity
         where backend_type = 'client backend' and pid <> pg_backend_pid()) as longest_transaction,
       (select coalesce(max(extract(epoch from clock_timestamp() - query_start)), 0) from pg_stat_activity
         where wait_event_type = 'Lock') as longest_wait,
       (select max(age(datfrozenxid)) * 100.0 / 2000000000 from pg_database) as wraparound,
       pg_database_size(current_database()) as size,
       stat.blks_hit, stat.blks_read, stat.deadlocks, stat.xact_rollback,
       (select coalesce(sum(n_dead_tup) * 100.0 / nullif(sum(n_live_tup + n_dead_tup), 0), 0)
          from pg_stat_user_tables where n_dead_tup > 1000) as dead_rows,
       pg_is_in_recovery() as standby,
       case when not pg_is_in_recovery() then null
            when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() and exists (select from pg_stat_wal_receiver)
            then 0  -- nothing is left to replay; where nobody writes, the last commit is no measure
            else extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) end as replay_age,
       case when not pg_is_in_recovery()
            then (select max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)) from pg_stat_replication) end as behind,
       case when not pg_is_in_recovery()
            then (select count(*) from pg_stat_replication where state = 'streaming') end as standbys,
       case when not pg_is_in_recovery() and current_setting('synchronous_standby_names') <> ''
            then (select count(*) from pg_stat_replication where sync_state in ('sync', 'quorum')) end as synchronous
  from pg_stat_database stat where stat.datname = current_database()
"""
_WAITING = """
select waiting.pid, waiting.usename as waits, left(waiting.query, 200) as query,
       round(extract(epoch from clock_timestamp() - waiting.query_start)) as seconds,
       holder.pid as held_by, holder.usename as holder, holder.state as holder_state,
       left(holder.query, 200) as held_with
  from pg_stat_activity waiting
  join pg_stat_activity holder on holder.pid = any (pg_blocking_pids(waiting.pid))
 where waiting.wait_event_type = 'Lock'
 order by waiting.query_start
"""
_RATES = {"growth": "size", "deadlocks": "deadlocks", "rollbacks": "xact_rollback"}


class Settings(Strict):
    """Nothing to set but, where the component has none, the ``dsn``."""

    dsn: str = Field("", description="only where the component has none")


class Probe:
    """Keeps the counters of the look before, for rates."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._reach = reach
        self._dsn = settings.dsn or str(reach.component.get("dsn", ""))
        self._before: tuple[float, dict[str, float]] | None = None

    def read(self) -> Reading:
        if not self._dsn:
            return Reading(problem=Problem(Fault.SETUP, say("no database: the component needs a dsn")), blind=True)
        began = time.monotonic()
        try:
            connection = connect(self._dsn, self._reach.network, self._reach.timeout)
        except Unread as error:
            return Reading(problem=error.problem, blind=error.problem.fault is Fault.SETUP)
        try:
            return self._look(connection, time.monotonic() - began, began + self._reach.timeout)
        except Unread as error:
            return Reading({"connect": time.monotonic() - began}, error.problem)
        finally:
            connection.close()

    def _look(self, connection: Connection, took: float, deadline: float) -> Reading:
        row = connection.select(_NOW, {}, 1, max(0.1, deadline - time.monotonic())).rows[0]
        now = {key: float(value) for key, value in row.items() if value is not None}
        values = {
            "connect": took,
            "connections": 100 * now["used"] / max(1.0, now["room"]),
            "size": now["size"],
            "version": now["version"] // 10000,
            **{key: now[key] for key in ("longest_transaction", "longest_wait", "blocked", "wraparound", "dead_rows")},
        }
        if "replay_age" in now:
            values["replication_lag"] = now["replay_age"]
        if "behind" in now:
            values["replication_bytes"] = now["behind"]
        values |= {key: now[key] for key in ("standbys", "synchronous") if key in now}
        values |= self._rates(now)
        waiting: list[dict[str, Any]] = []
        if now["blocked"]:
            waiting = connection.select(_WAITING, {}, 20, max(0.1, deadline - time.monotonic())).rows
        return Reading(values, rows=waiting)

    def _rates(self, now: dict[str, float]) -> dict[str, float]:
        """Per second since the look before; nothing at the first look or after the counters were reset."""
        at, before = time.monotonic(), self._before
        self._before = (at, now)
        if before is None or now["xact_rollback"] < before[1]["xact_rollback"] or at <= before[0]:
            return {}
        passed = at - before[0]
        rates = {name: (now[key] - before[1][key]) / passed for name, key in _RATES.items()}
        hits, reads = now["blks_hit"] - before[1]["blks_hit"], now["blks_read"] - before[1]["blks_read"]
        if hits + reads > 1000:  # among fewer the share says nothing
            rates["cache_hit"] = 100 * hits / (hits + reads)
        return rates

    def close(self) -> None:
        """Nothing is kept open between two looks."""
