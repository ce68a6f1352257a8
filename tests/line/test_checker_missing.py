"""A check whose looks give neither a number nor a failure: not known any more after its time, told once and with the
reason, until a number comes."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from mainstay.catalogue.queries import Spec
from mainstay.checker import watch as watches
from mainstay.checker.checker import Checker
from mainstay.checker.clock import Clock
from mainstay.checker.desk import Known, Roll, Trip
from mainstay.checker.leases import Alone
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Reading
from mainstay.domain.saying import restored
from mainstay.domain.state import State
from mainstay.domain.state_machine import Memory, Rule
from mainstay.drivers.kinds import Strict
from mainstay.line import Outcome, message


def spec(number: int, name: str, missing: float) -> Spec:
    return Spec(
        id=number, path=f"shop/{name}", system_id=1, component_id=None, kind="silent", settings={}, component={},
        every=0.1, timeout=5.0, missing=missing, rule=Rule(failures=1, flapping=False), evidence=0, mask=(),
    )  # fmt: skip


class Desk:
    """Keeps in memory what the database would; two checks stand ok, of which one may be silent for long."""

    def __init__(self) -> None:
        self.written: list[Outcome] = []
        self._told = False

    def own_spec(self) -> tuple[Spec, Memory]:
        return spec(1, "own", 1e9), Memory()

    def visit(self, outcomes: Sequence[Outcome], _shards: frozenset[int], _facts: Mapping[str, Any] | None) -> Trip:
        self.written += outcomes
        if self._told:
            return Trip()
        self._told = True
        known = Known(Memory(state=State.OK), looked_at=time.time(), since=time.time())
        return Trip(roll=Roll([spec(2, "silent", 0.5), spec(3, "patient", 1e9)], {2: known, 3: known}, {}))


def test_no_number_for_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [Reading()]

    class Probe:
        def __init__(self, *_: object) -> None:
            """Without means."""

        async def read(self) -> Reading:
            return answers[-1]

        def close(self) -> None:
            """Nothing is held."""

    monkeypatch.setattr(watches, "_module", lambda _kind: SimpleNamespace(Settings=Strict, Probe=Probe))
    monkeypatch.setattr("mainstay.checker.checker.BATCH_EVERY", 0.1)
    monkeypatch.setattr("mainstay.line._units", lambda _kind: {})
    desk = Desk()

    async def story() -> None:
        checker = Checker(desk, Alone(), NetworkPolicy(()), Clock())  # type: ignore[arg-type]  # a desk of our own
        running = asyncio.create_task(checker.run())
        async with asyncio.timeout(60):
            while not desk.written:
                await asyncio.sleep(0.05)
            await asyncio.sleep(1.0)  # long enough to be told again
            (lost,) = desk.written
            answers.append(Reading({"depth": 1.0}))
            while {2, 3} - {one.spec.id for one in desk.written[1:]}:
                await asyncio.sleep(0.05)
        checker.stop()
        await running
        assert (lost.spec.path, lost.judgement.state, lost.judgement.changed) == ("shop/silent", State.UNKNOWN, True)
        told = message(lost)
        assert (told["fault"], restored(told["detail"])) == (Fault.MISSING, "no sample for 0.5 s")

    asyncio.run(story())
    first = {number: next(one for one in desk.written[1:] if one.spec.id == number).judgement for number in (2, 3)}
    assert (first[2].state, first[2].changed) == (State.OK, True)
    assert (first[3].state, first[3].changed) == (State.OK, False)
