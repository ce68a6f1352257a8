"""The checker: looks, judges in memory, and hands what it saw to the line about once a second."""

import asyncio
import gc
import logging
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from mainstay.catalogue.queries import Spec
from mainstay.checker import watch as watches
from mainstay.checker.clock import Clock, JumpWatch
from mainstay.checker.desk import Away, Desk, Known, Roll, Trip
from mainstay.checker.leases import Leases
from mainstay.checker.rounds import SWEEP, Rounds
from mainstay.checker.watch import Means, Watch
from mainstay.domain import schedule, state_machine
from mainstay.domain.backup_health import Facts
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.online import Sight, is_loopback, is_silent
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say
from mainstay.domain.state_machine import Judgement, Memory
from mainstay.line import REFRESH, Outcome

_log = logging.getLogger(__name__)

BATCH_EVERY = 1.0
"""Seconds between two visits to the database."""

BATCH_SHARED = 0.4
"""The same where another checker would take over: what was seen since the last visit and what falls due until the other
has the shards (``leases.TICK``, a visit) are together less than a second of looks."""

BATCH_MOST = 20_000
KEPT_MOST = 100_000
"""Results of one visit, and results kept while the database is away; beyond that, samples without a change go first."""

FIRST_WITHIN = 10.0
"""Seconds within which a check that was never looked at is looked at, however long its interval."""

PULSE_EVERY = 5.0

STALLED = 1.0
"""Seconds between two sweeps that say that this very process stood still, and not its targets."""

ASK_OTHERS = 5
"""When one address falls silent, so many others are looked at soon, to learn whether it is us."""


class Checker:
    """One process's worth of watching. ``run`` ends when ``stop`` is called, with everything written."""

    def __init__(
        self, desk: Desk, leases: Leases, network: NetworkPolicy, clock: Clock, plugins: tuple[str, ...] = ()
    ) -> None:
        self._desk, self._leases, self._clock = desk, leases, clock
        self._means = Means(network, plugins, clock.wall)
        self._jumps = JumpWatch(clock)
        self._sight = Sight()
        self._watches: dict[int, Watch] = {}
        self._pending: list[Outcome] = []
        self._shards: frozenset[int] = frozenset()
        self._own: Watch | None = None
        self._asked_at = float("-inf")
        self._pulsed_at = float("-inf")

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._rounds = Rounds(self._loop, self._clock, self._means, self._conclude, self._heed_clock)
        self._stopping, self._hurry = asyncio.Event(), asyncio.Event()
        self._visiting = asyncio.Lock()
        with ThreadPoolExecutor(1, thread_name_prefix="desk") as self._thread:
            sweeping = asyncio.create_task(self._sweep())
            starting = self._loop.run_in_executor(None, self._leases.start, self._assigned)
            try:
                await self._exchange()
            finally:
                sweeping.cancel()
                self._rounds.close()
            await starting
            await self._flush()
            await self._loop.run_in_executor(None, self._leases.stop)

    def stop(self) -> None:
        """End soon. Called in the loop."""
        self._stopping.set()
        self._hurry.set()

    # Judging

    def _conclude(self, watch: Watch, began: float, reading: Reading) -> None:
        self._heed_clock()  # or a look that began before it was set would seem to have taken an hour
        steady, at = self._clock.steady(), self._jumps.wall(began)
        if watch.address:
            self._weigh(watch, reading, steady, at)
        held = self._sight.holds(watch.address, reading, began)
        if watch.held and not held:  # what counts against it begins anew
            watch.memory = replace(watch.memory, failed=0)
        watch.held = held
        if held and reading.problem is not None:
            problem = Problem(reading.problem.fault, say("Mainstay itself is off line, so this says nothing"))
            reading = Reading(problem=problem, blind=True)
        if not reading.values and reading.problem is None:
            self._find_missing(watch, at)
            return
        watch.answered = steady
        watch.lost = False
        judgement = state_machine.judge(watch.memory, reading, watch.spec.rule, at)
        self._note(watch, at, reading, judgement, held)
        if judgement.urgent:
            self._rounds.soon(watch, schedule.soon(watch.spec.every))

    def _note(self, watch: Watch, at: float, reading: Reading, judgement: Judgement, held: bool = False) -> None:
        watch.memory = judgement.memory
        self._pending.append(Outcome(watch.spec, at, reading, judgement, held))

    def _find_missing(self, watch: Watch, at: float) -> None:
        """No number for too long, by the clock that nobody sets: not known any more, whatever it was. A look under way
        has a deadline of its own and will say what it saw."""
        if watch.lost or watch.busy or self._clock.steady() - watch.answered <= watch.spec.missing:
            return
        watch.lost = True
        problem = Problem(Fault.MISSING, say("no sample for %(seconds)s s", seconds=f"{watch.spec.missing:g}"))
        judgement = state_machine.lost(watch.memory, problem)
        self._note(watch, at, Reading(problem=problem, blind=True), judgement)

    # Am I on line?

    def _weigh(self, watch: Watch, reading: Reading, steady: float, at: float) -> None:
        if self._sight.see(watch.address, reading, steady):
            self._say_online(at)
        elif is_silent(reading) and not self._sight.offline and steady - self._asked_at > 5.0:
            self._asked_at = steady
            self._ask_others(watch.address)

    def _ask_others(self, silent: str) -> None:
        asked = {silent, *self._sight.silent}
        for watch in self._watches.values():
            if watch.address and watch.address not in asked and not is_loopback(watch.address):
                asked.add(watch.address)
                self._rounds.soon(watch, 0.2)
                if len(asked) > ASK_OTHERS + len(self._sight.silent):
                    return

    def _say_online(self, at: float) -> None:
        """Once when it begins and once when it ends, as a check of our own."""
        if self._own is None:
            return
        reading = Reading(values={"online": 1.0})
        if self._sight.offline:
            silent = ", ".join(sorted(self._sight.silent)[:5])
            detail = say(
                "%(n)s targets fell silent at once and none answers: %(silent)s",
                n=len(self._sight.silent), silent=silent,
            )  # fmt: skip
            reading = Reading({"online": 0.0}, Problem(Fault.UNREACHABLE, detail))
        _log.warning("Mainstay is %s", "off line" if self._sight.offline else "on line again")
        spec = self._own.spec
        judgement = state_machine.judge(self._own.memory, reading, spec.rule, at)
        self._note(self._own, at, reading, judgement)

    # Sweeping: deadlines, silence, a clock that was set

    async def _sweep(self) -> None:
        next_missing = swept = self._clock.steady()
        while True:
            await asyncio.sleep(SWEEP)
            steady = self._clock.steady()
            if steady - swept > STALLED:  # we stood still ourselves; first the looks that were due meanwhile
                next_missing = max(next_missing, steady + 5.0)
            swept = steady
            self._heed_clock()
            self._rounds.sweep()
            if steady >= next_missing:
                next_missing += 5.0
                at = self._clock.wall()
                for watch in self._watches.values():
                    self._find_missing(watch, at)

    def _heed_clock(self) -> None:
        if moved := self._jumps.jumped():
            self._clock_was_set(moved)

    def _clock_was_set(self, moved: float) -> None:
        """Slots anew; and what was remembered by the old time is moved along, so that nothing seems to have lasted."""
        _log.warning("the wall clock moved by %+.0f s", moved)
        for watch in self._watches.values():
            holding = {text: since + moved for text, since in watch.memory.holding.items()}
            if holding:
                watch.memory = replace(watch.memory, holding=holding)
            watch.born += moved
            if watch.beats is not None:
                watch.beats = deque((watches.moved(beat, moved) for beat in watch.beats), watches.BEATS_KEPT)
        self._rounds.rearm(list(self._watches.values()))

    # Shards

    def _assigned(self, shards: frozenset[int]) -> None:
        """Told by the leases, in a thread of theirs; returns when what was given up is written."""
        asyncio.run_coroutine_threadsafe(self._take_over(shards), self._loop).result(timeout=30)

    async def _take_over(self, shards: frozenset[int]) -> None:
        given_up = self._shards - shards
        self._shards = shards
        for key in [key for key, watch in self._watches.items() if watch.shard in given_up]:
            self._rounds.drop(self._watches.pop(key))
        if given_up:
            await self._flush()
        self._hurry.set()

    # The database

    async def _exchange(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            await self._rest(pause)
            try:
                await self._visit()
            except Away as error:
                pause = min(max(1.0, pause * 2), 5.0)
                _log.warning("the database is away, %d results wait: %s", len(self._pending), error)
            else:
                pause = BATCH_SHARED if self._leases.shared else BATCH_EVERY

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._hurry.wait(), seconds)
        except TimeoutError:
            pass
        self._hurry.clear()

    async def _visit(self) -> None:
        """Write what is pending and learn what is new. Raises Away; then all is pending as before."""
        async with self._visiting:
            if self._own is None:
                spec, memory = await self._loop.run_in_executor(self._thread, self._desk.own_spec)
                self._own = watches.make(spec, memory, born=0.0, answered=0.0)
            batch, self._pending = self._pending[:BATCH_MOST], self._pending[BATCH_MOST:]
            facts = self._facts()
            try:
                visit = self._desk.visit
                trip = await self._loop.run_in_executor(self._thread, visit, batch, self._shards, facts)
            except BaseException:
                self._pending = _thinned(batch + self._pending)
                raise
            self._pulsed_at = self._clock.steady() if facts is not None else self._pulsed_at
            self._pending = trip.stuck + self._pending
            self._take_in(trip)

    async def _flush(self) -> None:
        """Write all that is pending, or keep it when the database is away."""
        try:
            for _ in range(1 + len(self._pending) // BATCH_MOST):
                await self._visit()
        except Away as error:
            _log.warning("%d results could not be written: %s", len(self._pending), error)

    def _facts(self) -> dict[str, float] | None:
        if self._clock.steady() - self._pulsed_at < PULSE_EVERY:
            return None
        delays = np.array(self._rounds.delays)
        del self._rounds.delays[:]
        return {
            "checks": len(self._watches),
            "shards": len(self._shards),
            "looks": len(delays),
            "delay_p50": round(float(np.percentile(delays, 50)), 4) if len(delays) else 0.0,
            "delay_p99": round(float(np.percentile(delays, 99)), 4) if len(delays) else 0.0,
            "under_way": self._rounds.under_way,
            "missed": self._rounds.missed,
            "hung": self._rounds.hung,
            "waiting_results": len(self._pending),
            "online": float(not self._sight.offline),
        }

    def _take_in(self, trip: Trip) -> None:
        if trip.roll is not None:
            self._enroll(trip.roll)
        if trip.backups is not None:
            self._take_in_backups(trip.backups)
        for check_id, beats in trip.beats.items():
            if (watch := self._watches.get(check_id)) and watch.beats is not None:
                watch.beats.extend(beats)
                self._rounds.soon(watch, 0.0)
        for check_id in trip.runs:
            if watch := self._watches.get(check_id):
                self._rounds.soon(watch, 0.0)

    def _take_in_backups(self, found: Mapping[str, Facts]) -> None:
        """A policy of which something else is on record is looked at now."""
        for watch in self._watches.values():
            if watch.spec.kind == "backup":
                facts = found.get(watches.policy_of(watch.spec))
                if facts != watch.facts:
                    watch.facts = facts
                    self._rounds.soon(watch, 0.0)

    def _enroll(self, roll: Roll) -> None:
        """Watch what is on the roll. A check that stays keeps its memory; what is no longer there is let go."""
        wanted = {spec.id: spec for spec in roll.specs}
        for key in [key for key, watch in self._watches.items() if wanted.get(key) != watch.spec]:
            gone = self._watches.pop(key)
            self._rounds.drop(gone)
            if key in wanted:  # changed: what was judged last is newer here than in the database
                roll.known[key] = Known(gone.memory, looked_at=0.0, since=gone.born)
        for spec in roll.specs:
            if spec.id not in self._watches:
                self._enter(spec, roll)
        gc.collect()
        gc.freeze()  # what is watched lives long; looking through it again and again took a sixth of the CPU

    def _enter(self, spec: Spec, roll: Roll) -> None:
        wall, known = self._clock.wall(), roll.known.get(spec.id)
        memory = known.memory if known else Memory()
        watch = watches.make(spec, memory, born=known.since if known else wall, answered=self._clock.steady())
        if spec.kind == "heartbeat":
            watch.beats = deque(sorted(roll.beats.get(spec.id, ()), key=lambda beat: beat.at), watches.BEATS_KEPT)
        if spec.kind == "backup":
            watch.facts = roll.backups.get(watches.policy_of(spec))
        self._watches[spec.id] = watch
        overdue = known is None or wall - known.looked_at > spec.every + 2 * REFRESH
        hurried = overdue and spec.every > FIRST_WITHIN
        self._rounds.enter(watch, schedule.phase(spec.path, FIRST_WITHIN) if hurried else None)


def _thinned(outcomes: list[Outcome]) -> list[Outcome]:
    """No more than can be kept in memory. State changes stay, and the newest of the rest."""
    surplus = len(outcomes) - KEPT_MOST
    if surplus <= 0:
        return outcomes
    kept: list[Outcome] = []
    for outcome in outcomes:
        if surplus > 0 and not outcome.judgement.changed:
            surplus -= 1
        else:
            kept.append(outcome)
    return kept
