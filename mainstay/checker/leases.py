"""Which checks are mine. Alone: all. On PostgreSQL: shards leased by advisory locks, which die with their holder.

A lock lives in one session of its own. When that session breaks, the last assignment goes on, because looking twice
is better than not at all; after the database is back, what another checker has taken meanwhile is given up.
"""

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import psycopg

from mainstay.domain.schedule import SHARDS

_log = logging.getLogger(__name__)

TICK = 0.15
"""Seconds between two looks at the locks: how soon the shards of a dead checker are taken over."""

_MEMBER, _SHARD = 0x4D530001, 0x4D530002
"""Name spaces of our locks, of the two-integer kind."""

ALL = frozenset(range(SHARDS))

Changed = Callable[[frozenset[int]], None]
"""Told the shards that are mine from now on; returns when those given up are no longer looked at nor unwritten."""


class Leases(Protocol):
    """``start`` tells ``changed`` at once and after each change, from a thread of its own or the caller's. ``shared``:
    another would take over if this checker died."""

    @property
    def shared(self) -> bool: ...

    def start(self, changed: Changed) -> None: ...

    def stop(self) -> None: ...


class Alone:
    """One checker: all shards are mine."""

    shared = False

    def start(self, changed: Changed) -> None:
        changed(ALL)

    def stop(self) -> None:
        """Nothing is held."""


class AdvisoryLocks:
    """Shards shared evenly between all checkers on one PostgreSQL. ``connect`` holds arguments of psycopg."""

    def __init__(self, connect: Mapping[str, Any]) -> None:
        self._connect = dict(connect)
        self._member = secrets.randbits(31)  # not the process's number: in two containers that is the same
        self.shared = False
        self._held: frozenset[int] = frozenset()
        self._session: psycopg.Connection[Any] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, changed: Changed) -> None:
        self._thread = threading.Thread(target=self._run, args=(changed,), name="leases", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give all shards back, so that the others have them at once."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self, changed: Changed) -> None:
        while not self._stopping.is_set():
            try:
                self._tick(changed)
            except psycopg.Error as error:
                _log.warning("shards go on as last assigned, the locks cannot be seen: %s", str(error).strip())
                self._hang_up()
                self._stopping.wait(1.0)
            self._stopping.wait(TICK)
        self._hang_up()

    def _hang_up(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _tick(self, changed: Changed) -> None:
        if self._session is None or self._session.closed:
            self._session = self._enter()
            kept = self._take(self._session, self._held)
            if kept != self._held:
                self._tell(changed, kept)
        members, free = self._look_round(self._session)
        self.shared = members > 1
        fair = -(-SHARDS // max(1, members))
        if len(self._held) > fair:
            self._give_up(self._session, changed, frozenset(sorted(self._held)[fair:]))
        elif free and len(self._held) < fair:
            wanted = sorted(free)[: fair - len(self._held)]
            if gained := self._take(self._session, frozenset(wanted)):
                self._tell(changed, self._held | gained)

    def _tell(self, changed: Changed, held: frozenset[int]) -> None:
        self._held = held
        changed(held)

    def _enter(self) -> psycopg.Connection[Any]:
        session = psycopg.connect(
            **self._connect, autocommit=True, application_name="mainstay-leases", connect_timeout=5,
            keepalives=1, keepalives_idle=2, keepalives_interval=1, keepalives_count=3, tcp_user_timeout=5000,
        )  # fmt: skip
        # Waits for a session of ours that broke and whose end the server has not noticed: it still holds our shards.
        session.execute("SELECT pg_advisory_lock(%s, %s)", (_MEMBER, self._member))
        return session

    def _take(self, session: psycopg.Connection[Any], wanted: frozenset[int]) -> frozenset[int]:
        rows = session.execute(
            "SELECT one, pg_try_advisory_lock(%s, one) FROM unnest(%s::int[]) AS one", (_SHARD, sorted(wanted))
        )
        return frozenset(one for one, taken in rows if taken)

    def _look_round(self, session: psycopg.Connection[Any]) -> tuple[int, frozenset[int]]:
        """How many checkers there are, and the shards that nobody holds."""
        rows = session.execute(
            "SELECT classid::bigint, objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND classid IN (%s, %s) AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            (_MEMBER, _SHARD),
        ).fetchall()
        members = sum(1 for kind, _ in rows if kind == _MEMBER)
        return members, ALL - {one for kind, one in rows if kind == _SHARD}

    def _give_up(self, session: psycopg.Connection[Any], changed: Changed, given: frozenset[int]) -> None:
        """First stop looking and write what was seen, then unlock: the next holder finds all of it."""
        self._tell(changed, self._held - given)
        session.execute("SELECT pg_advisory_unlock(%s, one) FROM unnest(%s::int[]) AS one", (_SHARD, sorted(given)))
