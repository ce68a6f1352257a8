"""The checker's dealings with the database, all on one thread of their own so that a slow disk delays no look."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import InterfaceError, OperationalError, connections

from mainstay.backups.queries import health
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.queries import Spec
from mainstay.domain import state_machine
from mainstay.domain.backup_health import Facts
from mainstay.domain.heartbeat import Beat, Word
from mainstay.domain.schedule import shard
from mainstay.domain.state_machine import Memory
from mainstay.line import Outcome, Shelf, absorb
from mainstay.monitoring import actions
from mainstay.monitoring import queries as monitoring
from mainstay.monitoring.models import Ping, Standing

_log = logging.getLogger(__name__)

PINGS_SETTLE = 10.0
"""Seconds for which pings are read again: a database may show a later id before an earlier one."""


BACKUPS_EVERY = 10.0
"""Seconds after which what is on record of backup policies is read again."""


class Away(Exception):
    """The database cannot be used now; what was to be written stays with the caller."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the last run left of a check: seconds since 1970."""

    memory: Memory
    looked_at: float
    since: float


@dataclass(slots=True)
class Roll:
    """All checks that this checker is to watch, how they stood, the beats of those that report themselves, and what
    is on record of the backup policies (``system/policy``)."""

    specs: list[Spec]
    known: dict[int, Known]
    beats: dict[int, list[Beat]]
    backups: dict[str, Facts] = field(default_factory=dict)


@dataclass(slots=True)
class Trip:
    """What one visit to the database brought back. ``roll`` only when it is another than before; ``backups`` None when
    it is not time to read them again."""

    roll: Roll | None = None
    beats: dict[int, list[Beat]] = field(default_factory=dict)
    runs: list[int] = field(default_factory=list)
    stuck: list[Outcome] = field(default_factory=list)
    backups: dict[str, Facts] | None = None


class Desk:
    """Used from its one thread only. ``wall`` gives the time."""

    def __init__(self, process: str, wall: Callable[[], float]) -> None:
        self._process, self._wall = process, wall
        self._shelf = Shelf()
        self._revision = -1
        self._shards: frozenset[int] = frozenset()
        self._ids: set[int] = set()
        self._pings_after = -1
        self._pings_seen: dict[int, float] = {}
        self._looks_at_backups = False
        self._backups_read = float("-inf")

    def visit(
        self, outcomes: Sequence[Outcome], shards: frozenset[int], facts: Mapping[str, Any] | None = None
    ) -> Trip:
        """Write what was seen, say that we live, read what is asked. Raises Away, and then nothing was written."""
        try:
            trip = Trip(stuck=self._deliver(outcomes))
            if facts is not None:
                actions.pulse(self._process, facts)
            self._read(trip, shards)
        except (OperationalError, InterfaceError) as error:
            connections.close_all()
            raise Away(str(error).strip()) from error
        return trip

    def own_spec(self) -> tuple[Spec, Memory]:
        """The check under which Mainstay speaks of its own network."""
        try:
            row = actions.own_check("online")
            known = _known([row.pk]).get(row.pk)
        except (OperationalError, InterfaceError) as error:
            connections.close_all()
            raise Away(str(error).strip()) from error
        return catalogue.own_spec(row), known.memory if known else Memory()

    # Writing

    def _deliver(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Commit the batch; what cannot be committed for a reason of its own comes back, the rest does not wait."""
        if not outcomes:
            return []
        try:
            absorb(outcomes, self._now(), self._shelf)
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # one outcome that the line cannot take must not hold up all others
            _log.exception("a batch of %d results was refused; trying them one by one", len(outcomes))
            return self._deliver_singly(outcomes)
        return []

    def _deliver_singly(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        stuck: list[Outcome] = []
        for outcome in outcomes:
            try:
                absorb([outcome], self._now(), self._shelf)
            except (OperationalError, InterfaceError):
                raise
            except Exception:
                _log.exception("the result of %s was refused", outcome.spec.path)
                if outcome.judgement.changed:
                    stuck.append(outcome)
        return stuck

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC)

    # Reading

    def _read(self, trip: Trip, shards: frozenset[int]) -> None:
        revision = catalogue.revision()
        if revision != self._revision or shards != self._shards:
            trip.roll = self._roll(shards)
            self._revision, self._shards = revision, shards
            self._ids = {spec.id for spec in trip.roll.specs}
        elif self._looks_at_backups and abs(self._wall() - self._backups_read) >= BACKUPS_EVERY:
            trip.backups = self._backups()
        trip.beats = self._new_beats()
        trip.runs = actions.take_run_requests(self._ids, self._now())

    def _roll(self, shards: frozenset[int]) -> Roll:
        newest = Ping.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        self._pings_after, self._pings_seen = newest, {}
        specs = [spec for spec in catalogue.specs() if shard(spec.path) in shards]
        reporting = [spec.id for spec in specs if spec.kind == "heartbeat"]
        beats: dict[int, list[Beat]] = {check_id: [] for check_id in reporting}
        for ping in monitoring.newest_pings(reporting):
            beats[ping.check_of_id].append(_beat(ping))
        known = _known([spec.id for spec in specs])
        self._shelf.written.clear()
        self._looks_at_backups = any(spec.kind == "backup" for spec in specs)
        return Roll(specs, known, beats, self._backups() if self._looks_at_backups else {})

    def _backups(self) -> dict[str, Facts]:
        self._backups_read = self._wall()
        return health.facts(self._now())

    def _new_beats(self) -> dict[int, list[Beat]]:
        now = self._wall()
        found: dict[int, list[Beat]] = {}
        for ping in monitoring.new_pings(self._pings_after):
            if ping.pk not in self._pings_seen:
                self._pings_seen[ping.pk] = now
                found.setdefault(ping.check_of_id, []).append(_beat(ping))
        settled = [key for key, seen in self._pings_seen.items() if abs(now - seen) > PINGS_SETTLE]
        self._pings_after = max(settled, default=self._pings_after)
        self._pings_seen = {key: seen for key, seen in self._pings_seen.items() if key > self._pings_after}
        return found


def _known(check_ids: Sequence[int]) -> dict[int, Known]:
    """How checks stood, in pieces that every database takes."""
    found: dict[int, Known] = {}
    columns = ("pk", "memory", "looked_at", "since")
    for first in range(0, len(check_ids), 5000):
        rows = Standing.objects.filter(pk__in=check_ids[first : first + 5000]).values_list(*columns)
        for key, memory, looked_at, since in rows:
            looked = looked_at.timestamp() if looked_at else 0.0
            found[key] = Known(state_machine.from_plain(memory), looked, since.timestamp())
    return found


_WORDS = frozenset(Word)


def _beat(ping: Ping) -> Beat:
    word = Word(ping.kind) if ping.kind in _WORDS else Word.LOG
    return Beat(ping.at.timestamp(), word, ping.exit_code, ping.run, ping.body)
