"""The line: the order of events on one page.

::

    probe ─► sample ─► state ─► incident ─► notice ─► delivery

1. The checker looks, judges in memory (``domain.state_machine``) and hands a batch here about once a second.
2. ``absorb`` commits samples, standings, state changes, the incidents that follow from the changes, and the outbox
   rows of their notices, in ONE transaction: a kill leaves all of it or nothing.
3. The engine (``engine/``) leases a due delivery, sends it, records it; in this order, because losing a notice is
   worse than repeating it. Every message carries its delivery's key so that a copy is known as one.
"""

import logging
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from django.db import IntegrityError, OperationalError, transaction

from mainstay.catalogue.models import Check
from mainstay.catalogue.queries import Spec
from mainstay.domain import state_machine
from mainstay.domain.chunk import Batch
from mainstay.domain.evidence import kept, masked
from mainstay.domain.reading import Reading
from mainstay.domain.saying import stored
from mainstay.domain.state import State
from mainstay.domain.state_machine import Judgement, Memory, Why
from mainstay.drivers import probes
from mainstay.incidents.actions import follow
from mainstay.monitoring import actions
from mainstay.monitoring.models import Standing, StateChange
from mainstay.monitoring.queries import muted_checks

_log = logging.getLogger(__name__)

REFRESH = 60.0
"""Seconds after which a standing that did not change is written again, to say that it was looked at."""

_BUSY_TRIES = 3


class Outcome(NamedTuple):
    """One look, judged. ``held`` says that nothing follows from a change, because Mainstay itself is off line."""

    spec: Spec
    at: float
    reading: Reading
    judgement: Judgement
    held: bool = False


@dataclass(slots=True)
class Shelf:
    """What the checker keeps between two batches: ids of series, which of them are in seconds, and what was last
    written of each check; nothing of those in a batch that failed, because nobody knows what of it was kept."""

    series: dict[int, dict[str, int]] = field(default_factory=dict)
    in_seconds: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    written: dict[int, tuple[Memory, float]] = field(default_factory=dict)

    def name(self, check_id: int, metric: str, unit: str, key: int) -> None:
        """Note the series of a metric."""
        self.series.setdefault(check_id, {})[sys.intern(metric)] = key
        if key >= len(self.in_seconds):
            self.in_seconds = np.concatenate((self.in_seconds, np.zeros(key + 1024, bool)))
        self.in_seconds[key] = unit == "s"


def absorb(results: Sequence[Outcome], now: datetime, shelf: Shelf | None = None) -> None:
    """Commit a batch, or nothing of it. Raises OperationalError when the database is away or stays busy."""
    shelf = shelf or Shelf()
    for attempt in range(_BUSY_TRIES):
        try:
            return _absorb(results, now, shelf)
        except IntegrityError:
            results = _still_there(results)
        except OperationalError as error:
            if "locked" not in str(error) or attempt == _BUSY_TRIES - 1:
                raise
            time.sleep(0.1 * 2**attempt)
    return _absorb(results, now, shelf)


def _absorb(results: Sequence[Outcome], now: datetime, shelf: Shelf) -> None:
    batch = _gather(results, shelf)
    last = {outcome.spec.id: outcome for outcome in results}
    stood = {key: shelf.written.pop(key) for key in last if key in shelf.written}  # until the commit is confirmed
    with transaction.atomic():
        actions.store_samples(batch)
        changes = _record_changes(results, now)
        written = _record_standings(last.values(), stood)
        actions.record_observations(_payloads(results))
        follow([change for change, held in changes if not held], now)
    shelf.written.update(stood | written)


def _still_there(results: Sequence[Outcome]) -> list[Outcome]:
    """Without the checks that were deleted since they were loaded."""
    known = set(Check.objects.filter(pk__in={outcome.spec.id for outcome in results}).values_list("pk", flat=True))
    return [outcome for outcome in results if outcome.spec.id in known]


# Samples


def _gather(results: Sequence[Outcome], shelf: Shelf) -> Batch:
    """The numbers of the batch as three columns. Seconds are kept to the microsecond, times to the millisecond."""
    seen = [outcome for outcome in results if outcome.reading.values]
    try:
        series = _series(seen, shelf)
    except KeyError:
        _name_new_series(seen, shelf)
        series = _series(seen, shelf)
    value = np.fromiter(chain.from_iterable(outcome.reading.values.values() for outcome in seen), np.float64)
    in_seconds = shelf.in_seconds[series]
    value[in_seconds] = np.round(value[in_seconds], 6)
    at = np.fromiter((outcome.at for outcome in seen), np.float64).round(3)
    return Batch(series, np.repeat(at, [len(outcome.reading.values) for outcome in seen]), value)


def _series(seen: Iterable[Outcome], shelf: Shelf) -> npt.NDArray[np.uint32]:
    """The series of all numbers in their order; KeyError when one has no series yet, which is rare."""
    ids: list[int] = []
    for outcome in seen:
        ids.extend(map(shelf.series[outcome.spec.id].__getitem__, outcome.reading.values))
    return np.array(ids, np.uint32)


def _name_new_series(results: Sequence[Outcome], shelf: Shelf) -> None:
    units = {
        (outcome.spec.id, metric): unit_of(outcome, metric)
        for outcome in results
        for metric in outcome.reading.values
        if metric not in shelf.series.get(outcome.spec.id, {})
    }
    ids = actions.name_series((check_id, metric, unit) for (check_id, metric), unit in units.items())
    for (check_id, metric), unit in units.items():
        shelf.name(check_id, metric, unit, ids[check_id, metric])


def unit_of(outcome: Outcome, metric: str) -> str:
    """The unit of a metric that was read."""
    units = _units(outcome.spec.kind)
    return outcome.reading.units.get(metric) or units.get(metric) or units.get("*", "1")


@cache
def _units(kind: str) -> Mapping[str, str]:
    """What the kind measures in; nothing for a kind of our own, which has no probe."""
    if kind not in probes.kinds():
        return {}
    units: Mapping[str, str] = probes.load(kind).METRICS
    return units


# States


def _record_changes(results: Sequence[Outcome], now: datetime) -> list[tuple[StateChange, bool]]:
    """Rows for what changed, in the order it happened, each with whether it is held."""
    changed = _unrecorded([outcome for outcome in results if outcome.judgement.changed])
    if not changed:
        return []
    states = _states_before({outcome.spec.id for outcome in changed})
    muted = _mutes({outcome.spec.id for outcome in changed}, now)
    rows: list[tuple[StateChange, bool]] = []
    for outcome in changed:
        before, after = states[outcome.spec.id], outcome.judgement.state.value
        states[outcome.spec.id] = after
        if before != after:  # otherwise it only began or ceased to flap
            why = "Mainstay itself is off line" if outcome.held else muted.get(outcome.spec.id, "")
            rows.append((_change(outcome, before, why), outcome.held))
    saved = actions.record_changes([row for row, _ in rows])
    return list(zip(saved, [held for _, held in rows], strict=True))


def _unrecorded(changed: Sequence[Outcome]) -> list[Outcome]:
    """Without what is there already: when the database dies between its commit and its answer, nobody knows that the
    batch was kept, and it is handed in again."""
    if not changed:
        return []
    oldest = _moment(min(outcome.at for outcome in changed))
    ids = {outcome.spec.id for outcome in changed}
    rows = StateChange.objects.filter(check_of__in=ids, at__gte=oldest).values_list("check_of_id", "at")
    known = set(rows.order_by())
    return [outcome for outcome in changed if (outcome.spec.id, _moment(outcome.at)) not in known]


def _states_before(check_ids: set[int]) -> dict[int, str]:
    found = dict(Standing.objects.filter(pk__in=check_ids).values_list("pk", "state"))
    return {check_id: found.get(check_id, State.UNKNOWN.value) for check_id in check_ids}


def _mutes(check_ids: set[int], now: datetime) -> dict[int, str]:
    checks = Check.objects.filter(pk__in=check_ids)
    return {key: mute.reason[:200] for key, mute in muted_checks(checks, now).items()}


def _change(outcome: Outcome, before: str, muted: str) -> StateChange:
    return StateChange(
        check_of_id=outcome.spec.id,
        at=_moment(outcome.at),
        before=before,
        after=outcome.judgement.state.value,
        message=message(outcome),
        evidence=_evidence(outcome),
        muted=muted,
    )


def _record_standings(
    last: Iterable[Outcome], stood: Mapping[int, tuple[Memory, float]]
) -> dict[int, tuple[Memory, float]]:
    """Write what differs from what is written; what only needs a new time gets that, by one statement."""
    changed: list[Standing] = []
    unchanged: list[Standing] = []
    touched: list[int] = []
    written: dict[int, tuple[Memory, float]] = {}
    newest = 0.0
    for outcome in last:
        key, memory = outcome.spec.id, outcome.judgement.memory
        before, at = stood.get(key, (None, 0.0))
        if before is None or _matters(before, memory):
            (unchanged if before is not None and before.state is memory.state else changed).append(_standing(outcome))
        elif abs(outcome.at - at) >= REFRESH:
            (touched.append(key) if memory.state is State.OK else unchanged.append(_standing(outcome)))
        else:
            continue
        newest = max(newest, outcome.at)
        written[key] = (memory, outcome.at)
    _keep_since(changed)
    actions.record_standings(changed, unchanged)
    actions.touch_standings(touched, _moment(newest))
    return written


def _keep_since(standings: Sequence[Standing]) -> None:
    """A checker that was just started writes all it sees; what stood so before stands so since then."""
    rows = Standing.objects.filter(pk__in=[row.pk for row in standings]).values_list("pk", "state", "since")
    stood = {key: (state, since) for key, state, since in rows}
    for row in standings:
        state, since = stood.get(row.pk, ("", row.since))
        if state == row.state:
            row.since = since


def _matters(before: Memory, after: Memory) -> bool:
    """Whether a restart would judge otherwise if this were not written. The list of verdicts may be a minute old."""
    if before is after:
        return False
    return (before.state, before.failed, before.holding, before.flapping) != (
        after.state, after.failed, after.holding, after.flapping
    )  # fmt: skip


def _standing(outcome: Outcome) -> Standing:
    at, memory = _moment(outcome.at), outcome.judgement.memory
    return Standing(
        check_of_id=outcome.spec.id,
        state=memory.state.value,
        since=at,
        flapping=memory.flapping,
        message=message(outcome),
        memory=state_machine.to_plain(memory),
        looked_at=at,
        updated_at=at,
    )


# Words and evidence


def message(outcome: Outcome) -> dict[str, Any]:
    """Why the state is what it is, as codes and numbers; ``monitoring/wording.py`` makes words of it."""
    why = outcome.judgement.why or Why()
    problem = why.problem
    return kept({
        "fault": problem.fault.value if problem else "",
        "detail": stored(problem.detail, 1000) if problem else "",
        "condition": why.condition,
        "metric": why.metric,
        "kind": outcome.spec.kind if why.metric else "",
        "value": why.value,
        "unit": unit_of(outcome, why.metric) if why.metric else "",
    })  # fmt: skip


def _evidence(outcome: Outcome) -> dict[str, Any]:
    rows = masked(outcome.reading.rows[: outcome.spec.evidence], outcome.spec.mask)
    return kept({"rows": rows, "excerpt": outcome.reading.excerpt[:10_000]})


def _payloads(results: Iterable[Outcome]) -> dict[int, tuple[datetime, Mapping[str, Any]]]:
    return {
        outcome.spec.id: (_moment(outcome.at), kept(_masked_payload(outcome.reading.payload, outcome)))
        for outcome in results
        if outcome.reading.payload is not None
    }


def _masked_payload(payload: Mapping[str, Any], outcome: Outcome) -> Mapping[str, Any]:
    rows = {name: masked(payload[name], outcome.spec.mask) for name in outcome.reading.payload_rows}
    return {**payload, **rows}


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
