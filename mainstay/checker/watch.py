"""A check under watch: its spec, its probe, what the judge remembers, and when it is due."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from mainstay.catalogue.queries import Spec
from mainstay.domain import schedule
from mainstay.domain.backup_health import Facts
from mainstay.domain.heartbeat import Beat
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.state_machine import Memory
from mainstay.drivers import probes
from mainstay.drivers.probes import Done, ProbeLike, Reach
from mainstay.drivers.probes.backup import Recorded
from mainstay.drivers.probes.heartbeat import Seen

BEATS_KEPT = 50


@dataclass(slots=True, eq=False)
class Watch:
    """``slot`` is wall time, all other times are of the steady clock. ``ticket`` names its one valid place in the
    heap, ``look`` the look whose result counts; a result of an earlier look comes too late."""

    spec: Spec
    memory: Memory
    offset: float
    shard: int
    address: str
    born: float
    probe: ProbeLike | None = None
    blocking: bool = False
    begin: Callable[[Done], bool] | None = None
    slot: float = float("-inf")
    ticket: int = 0
    look: int = 0
    busy: bool = False
    limit: float = float("inf")
    answered: float = 0.0
    lost: bool = False
    held: bool = False
    gone: bool = False
    beats: deque[Beat] | None = None
    """Only of those that report themselves."""
    facts: Facts | None = None
    """Only of those that look at a backup policy: what was last read of it."""

    def close(self) -> None:
        """Let go of the probe; the next look builds a new one."""
        if self.probe is not None:
            self.probe.close()
            self.probe = self.begin = None


def make(spec: Spec, memory: Memory, *, born: float, answered: float) -> Watch:
    """A check that is new here. ``born`` is wall time, ``answered`` the steady time from which silence counts."""
    return Watch(
        spec=spec,
        memory=memory,
        offset=schedule.phase(spec.path, spec.every),
        shard=schedule.shard(spec.path),
        address=address_of(spec),
        born=born,
        answered=answered,
    )


class Means:
    """What all probes share: the bounds on the network, and one object of a kind for the whole process."""

    def __init__(self, network: NetworkPolicy, plugins: tuple[str, ...], wall: Callable[[], float]) -> None:
        self._network, self._plugins, self._wall = network, plugins, wall
        self._shared: dict[str, Any] = {}

    def shared(self, key: str, factory: Callable[[], Any]) -> Any:
        if key not in self._shared:
            self._shared[key] = factory()
        return self._shared[key]

    def close(self) -> None:
        """Let go of what is shared and can be closed."""
        for one in self._shared.values():
            if close := getattr(one, "close", None):
                close()

    def build(self, watch: Watch) -> None:
        """Give the watch its probe. Raises what the probe raises when its settings cannot be used."""
        module, spec = _module(watch.spec.kind), watch.spec

        def shared(key: str, factory: Callable[[], Any]) -> Any:
            if key == "beats":
                return lambda: Seen(watch.beats or (), watch.born, self._wall())
            if key == "backup":
                return lambda: Recorded(watch.facts, self._wall())
            return self.shared(key, factory)

        reach = Reach(spec.timeout, self._network, spec.component, shared, self._plugins)
        watch.probe = module.Probe(module.Settings.model_validate(spec.settings), reach)
        watch.blocking = getattr(module, "BLOCKING", False)
        watch.begin = getattr(watch.probe, "begin", None)


@cache
def _module(kind: str) -> ModuleType:
    return probes.load(kind)


WHERE = ("url", "address", "host", "server", "dsn")


def address_of(spec: Spec) -> str:
    """The host that a check looks at, by which unrelated targets are told apart; empty when it needs no network."""
    for source in (spec.settings, spec.component):
        if found := _host(source):
            return found
    return ""


def _host(source: Mapping[str, Any]) -> str:
    for key in WHERE:
        value = source.get(key)
        if isinstance(value, str) and value:
            if value == "local":
                return "localhost"
            try:
                return urlsplit(value if "://" in value else f"//{value}").hostname or ""
            except ValueError:
                return value
    return ""


def moved(beat: Beat, seconds: float) -> Beat:
    """The beat as if it had come by a clock that was set by so much."""
    return replace(beat, at=beat.at + seconds)


def policy_of(spec: Spec) -> str:
    """``system/policy`` of a check that looks at a backup policy."""
    return f"{spec.path.partition('/')[0]}/{spec.settings.get('policy', '')}"
