"""Probes: one file a kind; the file's name is the ``kind`` written in YAML.

Each file holds, and nothing outside the file needs to know more:

``METRICS``   metric name → unit (``s``, ``B``, ``%``, ``1``, ``B/s``, ``1/s``, ``d``); the first one is what a bare
              condition such as ``> 2s`` is about.
``TITLES``    metric name → what people call it, made by ``say(…)``. What the target names itself keeps its name.
``Settings``  a ``Strict`` pydantic model of what may stand beside ``kind:`` in YAML.
``Probe``     built once a check as ``Probe(settings, reach)``; keeps what must live between two looks (a kept
              connection, the last counter) and has ``close()``. ``read()`` gives a ``Reading``. It is a coroutine,
              or, where the library underneath blocks, a plain method with ``BLOCKING = True`` at module level: the
              checker then runs it in a thread. ``read`` never raises for what a target did and never takes longer
              than ``reach.timeout`` by more than a tenth.

              A probe of which thousands are run may offer ``begin(done)`` beside ``read()``: it starts a look without
              a coroutine and returns True, and ``done(result)`` is called once in the loop, with a ``Reading`` or an
              unforeseen exception; ``close()`` stops it. False means that this look needs ``read()`` after all. That
              spares a task, and the switches to and from it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Reading
from mainstay.drivers.kinds import Kinds


@dataclass(frozen=True, slots=True)
class Reach:
    """What the checker hands to every probe: its bounds, and the shared means of touching the world.

    ``component`` holds the settings of the component that the check is ``on`` (``dsn``, ``url``, ``address`` …)
    with every ``${…}`` filled in. ``shared`` is a place for one object a process, such as a curl multi handle:
    ``shared(key, factory)`` makes it once. ``plugins`` are the directories whose programs may be run.
    """

    timeout: float  # seconds, the deadline of one look
    network: NetworkPolicy
    component: Mapping[str, Any]
    shared: Callable[[str, Callable[[], Any]], Any]
    plugins: tuple[str, ...] = ()
    at: datetime | None = None
    """The moment as of which business data are read; None: now. A restored copy is read as of its own moment."""


Done = Callable[[Reading | Exception], None]


async def begun(begin: Callable[[Done], bool], stop: Callable[[], None]) -> Reading:
    """``read()`` for a probe that has ``begin``; ``stop`` ends a look that nobody waits for any more."""
    future: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()

    def done(result: Reading | Exception) -> None:
        if not future.done():
            future.set_exception(result) if isinstance(result, Exception) else future.set_result(result)

    try:
        begin(done)
        return await future
    finally:
        stop()


class ProbeLike(Protocol):
    """What every ``Probe`` class offers."""

    def read(self) -> Reading | Awaitable[Reading]: ...

    def close(self) -> None: ...


_KINDS = Kinds(__name__, __path__)
kinds, load = _KINDS.names, _KINDS.load
