"""The application started on a restored copy, and the system's transactions run against it as against the live one.

The command serves at a port of this machine that it is told, with the copy as its only database. It is a program of
the plugin directories: whoever may write a catalogue may not therefore run anything at all. How quick it is says
nothing; whether it does what it is asked does.
"""

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mainstay.catalogue import queries
from mainstay.catalogue.models import Policy
from mainstay.catalogue.queries import Spec, specs
from mainstay.domain.proof import Gate, Outcome
from mainstay.domain.reading import Problem, Reading
from mainstay.drivers import probes
from mainstay.drivers.named_programs import named
from mainstay.drivers.probes import Reach
from mainstay.drivers.program import Limits, Running
from mainstay.engine.jobs.bench import Bench
from mainstay.engine.jobs.copied_rules import SCRATCH
from mainstay.settings import PLUGINS

KIND = "transaction"
PATIENCE = 180.0
"""Seconds until it takes connections."""
LONGEST = 120.0
"""Seconds for one transaction; the first one finds an application that has loaded nothing yet."""
_POLITE = Limits(nice=10, stop=signal.SIGTERM, patience=5)


def gates(bench: Bench, copy: Mapping[str, Any]) -> Iterator[Gate]:
    """Whether it starts, and a gate for each transaction. ``copy``: the settings that lead to the restored copy."""
    program, *words = bench.meant.prove.start
    path = named(program, PLUGINS)
    if isinstance(path, Problem):
        yield Gate("application", Outcome.UNSEEN, str(path.detail))
        return
    room, port = bench.room("application"), _free_port()
    given = {"COPY_DSN": copy.get("dsn", ""), "COPY_DIRECTORY": copy.get("path", ""), "COPY_PORT": str(port)}
    log = room / "log"
    with log.open("wb") as out, Running([path, *words], given, _POLITE, out=out, err=out, cwd=room) as running:
        wrong = _serves(running, port, bench.until)
        yield Gate("application", Outcome.FAILED if wrong else Outcome.PASSED, f"{wrong}{_end(log)}" if wrong else "")
        if not wrong:
            yield from _transactions(bench.job.policy, f"http://127.0.0.1:{port}")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _serves(running: Running, port: int, until: float) -> str:
    """Why it does not; empty once it takes a connection."""
    deadline = min(until, time.monotonic() + PATIENCE)
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            return f"it ended with {running.process.returncode}"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return ""
    return "it did not take connections in time"


def _end(log: Path) -> str:
    said = log.read_text(errors="replace").strip()[-300:]
    return f": {said}" if said else ""


def _transactions(policy: Policy, address: str) -> Iterator[Gate]:
    """Those of the components that need the one that was copied."""
    needing = queries.components(policy.system.name).filter(depends_on=policy.component)
    parts = set(needing.values_list("pk", flat=True))
    for spec in specs():
        if spec.kind == KIND and spec.component_id in parts:
            yield _gate(spec, address)


def _gate(spec: Spec, address: str) -> Gate:
    name = f"application.{spec.path.partition('/')[2]}"
    if spec.setup_problem:
        return Gate(name, Outcome.UNSEEN, spec.setup_problem)
    module = probes.load(KIND)
    asked = module.Settings.model_validate(spec.settings)
    if any(step.url for step in asked.steps):
        return Gate(name, Outcome.UNSEEN, "a step names an address of its own, which is not the copy's")
    reading = asyncio.run(_read(module.Probe, asked, {**spec.component, "url": address}))
    if reading.blind:
        return Gate(name, Outcome.UNSEEN, str(reading.problem.detail if reading.problem else "no answer"))
    if reading.problem is not None:
        return Gate(name, Outcome.FAILED, str(reading.problem.detail))
    return Gate(name, Outcome.PASSED, "", {"seconds": {key: f"{value:.3f}" for key, value in reading.values.items()}})


async def _read(probe: Any, settings: Any, component: Mapping[str, Any]) -> Reading:
    shared: dict[str, Any] = {}

    def share(key: str, factory: Callable[[], Any]) -> Any:
        if key not in shared:
            shared[key] = factory()
        return shared[key]

    made = probe(settings, Reach(LONGEST, SCRATCH, component, share))
    try:
        reading: Reading = await made.read()
        return reading
    finally:
        made.close()
        for one in shared.values():
            if close := getattr(one, "close", None):
                close()
