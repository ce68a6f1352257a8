"""Looks once through every check of an applied catalogue, as the checker would, and says how each stands."""

import asyncio
import inspect
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

from mainstay.catalogue import actions, queries
from mainstay.catalogue.examine import examine
from mainstay.domain.actor import ENGINE
from mainstay.domain.calendar import ALWAYS
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Reading
from mainstay.domain.state import State
from mainstay.domain.state_machine import Memory, judge
from mainstay.drivers import probes
from mainstay.drivers.probes import Reach

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"), ip_network("::1/128")))
LATER = 3600.0
"""Seconds between two looks: long enough for every ``for``."""


def apply(text: str) -> None:
    """Apply one system's YAML."""
    actions.apply(examine({"system.yaml": text.encode()}).catalogue, actor=ENGINE)


def look(pause: float = 0.0) -> dict[str, tuple[State, Reading]]:
    """Check name → its state after two equal looks an hour apart, at any hour of the week, and what was read.

    With ``pause`` (seconds) every probe has looked once before, so that it can give rates.
    """
    return asyncio.run(_look(queries.specs(), pause))


async def _look(specs: list[queries.Spec], pause: float) -> dict[str, tuple[State, Reading]]:
    found = {}
    with ExitStack() as stack:
        probes_by_spec = _probes(specs, stack)
        if pause:
            for _, probe in probes_by_spec:
                await _read(probe)
            await asyncio.sleep(pause)
        for spec, probe in probes_by_spec:
            reading = await _read(probe)
            rule = replace(spec.rule, failures=1, hours=ALWAYS)
            memory = judge(Memory(), reading, rule, 0.0).memory
            found[spec.path.partition("/")[2]] = (judge(memory, reading, rule, LATER).state, reading)
    return found


def _probes(specs: list[queries.Spec], stack: ExitStack) -> list[tuple[queries.Spec, Any]]:
    kept: dict[str, Any] = {}

    def shared(key: str, factory: Callable[[], Any]) -> Any:
        if key not in kept:
            kept[key] = factory()
            if close := getattr(kept[key], "close", None):
                stack.callback(close)
        return kept[key]

    found = []
    for spec in specs:
        assert not spec.setup_problem, spec
        module = probes.load(spec.kind)
        settings = module.Settings.model_validate(spec.settings)
        probe = module.Probe(settings, Reach(spec.timeout, LOOPBACK, spec.component, shared))
        stack.callback(probe.close)
        found.append((spec, probe))
    return found


async def _read(probe: Any) -> Reading:
    answer = probe.read()
    reading: Reading = await answer if inspect.isawaitable(answer) else answer
    return reading


def complaints(pause: float = 0.0) -> set[str]:
    """Names of the checks that are not ok."""
    return {name for name, (state, _) in look(pause).items() if state is not State.OK}
