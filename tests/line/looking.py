"""Looks once through every check of an applied catalogue, as the checker would, and says how each stands."""

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
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


def look() -> dict[str, tuple[State, Reading]]:
    """Check name → its state after two equal looks an hour apart, at any hour of the week, and what was read."""
    found = {}
    kept: dict[str, Any] = {}
    try:
        for spec in queries.specs():
            assert not spec.setup_problem, spec
            reading = _read(spec, kept)
            rule = replace(spec.rule, failures=1, hours=ALWAYS)
            now = datetime.now(UTC)
            memory = judge(Memory(), reading, rule, 0.0, now).memory
            found[spec.path.partition("/")[2]] = (judge(memory, reading, rule, LATER, now).state, reading)
    finally:
        for one in kept.values():
            if close := getattr(one, "close", None):
                close()
    return found


def _read(spec: queries.Spec, kept: dict[str, Any]) -> Reading:
    def shared(key: str, factory: Callable[[], Any]) -> Any:
        if key not in kept:
            kept[key] = factory()
        return kept[key]

    module = probes.load(spec.kind)
    settings = module.Settings.model_validate(spec.settings)
    probe = module.Probe(settings, Reach(spec.timeout, LOOPBACK, spec.component, shared))

    async def once() -> Reading:
        answer = probe.read()
        return await answer if inspect.isawaitable(answer) else answer

    try:
        return asyncio.run(once())
    finally:
        probe.close()


def complaints() -> set[str]:
    """Names of the checks that are not ok."""
    return {name for name, (state, _) in look().items() if state is not State.OK}
