"""MariaDB's and MySQL's health: does it take a new connection, and what are those that it has doing.

Each look connects anew, for that is what an application would have to do. The account needs ``PROCESS`` to see what
others do; without ``REPLICA MONITOR`` (MySQL: ``REPLICATION CLIENT``) a replica's lag is left out.
"""

import time
from datetime import datetime
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
    "replication_lag": "s", "replication_stopped": "1", "cache_hit": "%", "size": "B", "growth": "B/s", "history": "1",
    "deadlocks": "1/s", "slow_queries": "1/s", "aborted_connects": "1/s", "version": "1",
}  # fmt: skip
TITLES = {
    "connect": say("time to connect"), "connections": say("connections in use"),
    "longest_transaction": say("longest transaction"), "longest_wait": say("longest wait for a lock"),
    "blocked": say("blocked sessions"), "replication_lag": say("replication lag"),
    "replication_stopped": say("replication stopped"), "cache_hit": say("cache hits"),
    "size": say("size of the data"), "growth": say("growth of the data"), "history": say("row versions not purged"),
    "deadlocks": say("deadlocks"), "slow_queries": say("slow queries"),
    "aborted_connects": say("refused connections"), "version": say("server version"),
}  # fmt: skip

_STATUS = """
show global status where variable_name in ('Threads_connected', 'Innodb_buffer_pool_read_requests',
 'Innodb_buffer_pool_reads', 'Innodb_deadlocks', 'Slow_queries', 'Aborted_connects')
"""
_NOW = """
select @@global.max_connections as room, version() as version,
       (select count(*) from information_schema.innodb_trx where trx_state = 'LOCK WAIT') as row_waits,
       (select coalesce(max(timestampdiff(microsecond, trx_wait_started, now(6))) / 1e6, 0)
          from information_schema.innodb_trx where trx_state = 'LOCK WAIT') as row_wait,
       (select coalesce(max(timestampdiff(microsecond, trx_started, now(6))) / 1e6, 0)
          from information_schema.innodb_trx) as longest_transaction,
       (select count(*) from information_schema.processlist where state like 'Waiting for%lock') as lock_waits,
       (select coalesce(max(time), 0) from information_schema.processlist where state like 'Waiting for%lock')
          as lock_wait,
       (select max(metric.count) from information_schema.innodb_metrics metric
         where metric.name = 'trx_rseg_history_len') as history,
       (select coalesce(sum(data_length + index_length), 0) from information_schema.tables
         where table_schema = database()) as size
"""
_WAITING = """
select process.id, process.user as waits, left(process.info, 200) as query, process.time as seconds, process.state
  from information_schema.processlist process
  left join information_schema.innodb_trx trx on trx.trx_mysql_thread_id = process.id
 where trx.trx_state = 'LOCK WAIT' or process.state like 'Waiting for%lock'
 order by process.time desc
"""
_OLDEST = """
select trx.trx_mysql_thread_id as id, process.user, process.host, process.command, trx.trx_started as since,
       trx.trx_rows_locked as rows_locked, left(coalesce(process.info, ''), 200) as query
  from information_schema.innodb_trx trx
  left join information_schema.processlist process on process.id = trx.trx_mysql_thread_id
 where trx.trx_state <> 'LOCK WAIT'
 order by trx.trx_started
"""
_REPLICA = ("show all slaves status", "show replica status", "show slave status")
"""MariaDB; MySQL from 8.0.22; MySQL before."""
_LAGS = ("seconds_behind_master", "seconds_behind_source")
_RUNS = ("slave_sql_running", "replica_sql_running", "slave_io_running", "replica_io_running")
_RATES = {"deadlocks": "innodb_deadlocks", "slow_queries": "slow_queries", "aborted_connects": "aborted_connects"}


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
            return _Look(connection, began + self._reach.timeout).read(time.monotonic() - began, self._rates)
        except Unread as error:
            return Reading({"connect": time.monotonic() - began}, _grant(error.problem))
        finally:
            connection.close()

    def _rates(self, now: dict[str, float]) -> dict[str, float]:
        """Per second since the look before; nothing at the first look or after the server was started anew."""
        at, before = time.monotonic(), self._before
        self._before = (at, now)
        counted = [key for key in now if key != "size"]
        if before is None or at <= before[0] or any(now[key] < before[1].get(key, 0.0) for key in counted):
            return {}
        grown = {key: now[key] - before[1][key] for key in now if key in before[1]}
        passed = at - before[0]
        rates = {name: grown[key] / passed for name, key in _RATES.items() if key in grown}
        rates["growth"] = grown["size"] / passed
        requests = grown.get("innodb_buffer_pool_read_requests", 0.0)
        if requests > 1000:  # among fewer the share says nothing
            rates["cache_hit"] = 100 * (1 - grown["innodb_buffer_pool_reads"] / requests)
        return rates

    def close(self) -> None:
        """Nothing is kept open between two looks."""


class _Look:
    """One look over one connection, until ``deadline`` (steady seconds)."""

    def __init__(self, connection: Connection, deadline: float) -> None:
        self._connection, self._deadline = connection, deadline

    def read(self, took: float, rates: Any) -> Reading:
        now = self._ask(_NOW, 1)[0]
        status = {row["Variable_name"].lower(): float(row["Value"]) for row in self._ask(_STATUS, 20)}
        blocked = int(now["row_waits"]) + int(now["lock_waits"])
        values = {
            "connect": took,
            "connections": 100 * status.pop("threads_connected") / max(1.0, float(now["room"])),
            "longest_transaction": float(now["longest_transaction"]),
            "longest_wait": max(float(now["row_wait"]), float(now["lock_wait"])),
            "blocked": float(blocked),
            "size": float(now["size"]),
            "version": float(str(now["version"]).partition(".")[0]),
            **self._replication(),
        }
        if now["history"] is not None:  # an administrator may have switched the counter off
            values["history"] = float(now["history"])
        values |= rates({**status, "size": values["size"]})
        rows = [*self._ask(_WAITING, 20), *self._ask(_OLDEST, 3)] if blocked else []
        return Reading(values, rows=rows)

    def _replication(self) -> dict[str, float]:
        """Of the slowest stream; nothing where this is no replica, or the account may not know."""
        rows: list[dict[str, Any]] = []
        for statement in _REPLICA:
            try:
                rows = self._ask(statement, 20)
                break
            except Unread as error:
                if error.problem.fault is not Fault.QUERY:
                    raise
        streams = [{key.lower(): value for key, value in row.items()} for row in rows]
        if not streams:
            return {}
        lags = [float(stream[key]) for stream in streams for key in _LAGS if stream.get(key) is not None]
        stopped = sum(any(stream.get(key, "Yes") != "Yes" for key in _RUNS) for stream in streams)
        return {"replication_stopped": float(stopped), **({"replication_lag": max(lags)} if lags else {})}

    def _ask(self, statement: str, limit: int) -> list[dict[str, Any]]:
        rows = self._connection.ask(statement, limit, max(0.1, self._deadline - time.monotonic())).rows
        return [{key: _plain(value) for key, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    """The server's own clock has no zone in these tables; as evidence it is enough to read it."""
    return value.replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else value


def _grant(problem: Problem) -> Problem:
    if "PROCESS" not in problem.detail:
        return problem
    advice = say("%(refusal)s; let an administrator GRANT PROCESS ON *.* to this account", refusal=problem.detail)
    return Problem(Fault.SETUP, advice)
