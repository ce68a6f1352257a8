"""The rounds: looks that call back, looks that take a coroutine, and what becomes of those that never end."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from mainstay.catalogue.queries import Spec
from mainstay.checker import watch as watches
from mainstay.checker.clock import Clock
from mainstay.checker.rounds import Rounds
from mainstay.checker.watch import Means, Watch
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Reading
from mainstay.domain.state_machine import Memory, Rule
from mainstay.drivers.probes import Done

GOOD = Reading({"total": 0.1})


class Coroutine:
    """A probe of the plain kind."""

    closed = 0

    def __init__(self, answer: Callable[[], Reading]) -> None:
        self._answer = answer

    async def read(self) -> Reading:
        return self._answer()

    def close(self) -> None:
        self.closed += 1


class CallsBack(Coroutine):
    """``later`` gets what is to be told when; False from ``light`` asks for the coroutine."""

    def __init__(self, answer: Callable[[], Reading], later: Callable[[Done], Any], light: bool = True) -> None:
        super().__init__(answer)
        self._later, self._light = later, light

    def begin(self, done: Done) -> bool:
        if self._light:
            self._later(done)
        return self._light


class Prepared(Means):
    """Gives a watch the probe that a test wrote."""

    def __init__(self, probe: Any) -> None:
        super().__init__(NetworkPolicy(()), (), Clock.wall)
        self._probe = probe

    def build(self, watch: Watch) -> None:
        watch.probe, watch.begin = self._probe, getattr(self._probe, "begin", None)


def watched(timeout: float = 5.0) -> Watch:
    spec = Spec(
        id=1, path="shop/page", system_id=1, component_id=None, kind="http", settings={}, component={}, every=60.0,
        timeout=timeout, missing=300.0, rule=Rule(), evidence=0, mask=(),
    )  # fmt: skip
    return watches.make(spec, Memory(), born=0.0, answered=0.0)


def broken(*_: object) -> Any:
    raise LookupError("a bug")


def at_once(done: Done) -> None:
    done(GOOD)


def soon(done: Done) -> None:
    asyncio.get_running_loop().call_later(0.01, done, GOOD)


def with_an_error(done: Done) -> None:
    done(LookupError("a bug"))


async def first_result(probe: Any) -> Reading:
    told: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()
    rounds = Rounds(
        asyncio.get_running_loop(),
        Clock(),
        Prepared(probe),
        lambda _watch, _began, reading: told.set_result(reading),
        lambda: None,
    )
    rounds.enter(watched(), 0.0)
    try:
        return await asyncio.wait_for(told, 5)
    finally:
        assert rounds.under_way == 0
        rounds.close()


@pytest.mark.parametrize(
    ("probe", "good", "why"),
    [
        (Coroutine(lambda: GOOD), True, "a coroutine"),
        (CallsBack(broken, soon), True, "called back later"),
        (CallsBack(broken, at_once), True, "called back before it has begun"),
        (CallsBack(lambda: GOOD, broken, light=False), True, "this look needs its coroutine"),
        (Coroutine(broken), False, "a bug in a coroutine"),
        (CallsBack(broken, broken), False, "a bug as it begins"),
        (CallsBack(broken, with_an_error), False, "a bug as it ends"),
    ],
)
def test_every_way_to_look_gives_one_result(probe: Any, good: bool, why: str) -> None:
    found = asyncio.run(first_result(probe))
    if good:
        assert found == GOOD, why
    else:
        assert found.blind, why
        assert found.problem is not None
        assert (found.problem.fault, "LookupError" in found.problem.detail) == (Fault.SETUP, True)


@pytest.mark.parametrize("dropped", [False, True])
def test_a_look_that_never_calls_back(dropped: bool) -> None:
    """Past its deadline it is told as timed out and its probe is let go; a word that comes later is not heard."""

    async def story() -> tuple[list[Reading], int]:
        told: list[Reading] = []
        words: list[Done] = []
        probe, watch = CallsBack(broken, words.append), watched(timeout=0.01)
        rounds = Rounds(
            asyncio.get_running_loop(),
            Clock(),
            Prepared(probe),
            lambda _watch, _began, reading: told.append(reading),
            lambda: None,
        )
        rounds.enter(watch, 0.0)
        await asyncio.sleep(0.3)
        assert len(words) == rounds.under_way == 1
        rounds.drop(watch) if dropped else rounds.sweep()
        words[0](GOOD)
        assert rounds.under_way == 0
        rounds.close()
        return told, probe.closed

    told, closed = asyncio.run(story())
    assert [reading.problem and reading.problem.fault for reading in told] == ([] if dropped else [Fault.TIMEOUT])
    assert closed == 1
