"""Looks from a process of their own, so that what a look costs is told apart from what the servers of a test cost.

One process serves a whole table of looks: the kernel's mark of its highest memory is taken back before each
(``/proc/self/clear_refs``, see proc(5)), and what it grew by is counted from before the first."""

import asyncio
import contextlib
import ctypes
import gc
import inspect
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.polling import _POLLS
from mainstay.drivers.probes import Reach, kinds, load

PATIENCE = 20.0
"""Seconds after which a look that does not end is given up."""
SLACK = 1.0
"""Seconds that a busy machine may add to a deadline and its tenth."""
MOST_MEMORY = 50.0


@dataclass(frozen=True)
class Seen:
    """What a look gave and cost: seconds, MB, sockets that stayed open."""

    fault: str
    detail: str
    blind: bool
    took: float
    grown: float
    left_open: int

    def cost_little(self, deadline: float) -> None:
        """Assert the bounds that are promised for whatever a server does."""
        assert self.took <= 1.1 * deadline + SLACK, self
        assert self.grown < MOST_MEMORY, self
        assert self.left_open == 0, self
        assert len(self.detail) < 1000, self


class Looker:
    """``look`` sends one look over to the process and waits for what it says of it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def look(self, kind: str, deadline: float, settings: Mapping[str, Any], **component: Any) -> Seen:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([kind, deadline, settings, component]) + "\n")
        self._process.stdin.flush()
        return Seen(**json.loads(self._process.stdout.readline()))


@contextmanager
def looking() -> Iterator[Looker]:
    command = [sys.executable, "-m", "tests.drivers.looker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Looker(process)
        assert process.stdin is not None
        process.stdin.close()


def _serve() -> None:
    for kind in kinds():
        load(kind)
    _settle()
    base = _memory("VmRSS")
    for line in sys.stdin:
        kind, deadline, settings, component = json.loads(line)
        before = _sockets()
        Path("/proc/self/clear_refs").write_text("5")
        try:
            told = asyncio.run(_look(kind, deadline, settings, component))
        except Exception as error:  # for the test to fail by
            told = {"fault": "raised", "detail": repr(error)[:500], "blind": False, "took": 0.0}
        told["grown"] = _memory("VmHWM") - base
        _settle()
        told["left_open"] = len(_sockets() - before)
        print(json.dumps(told), flush=True)


async def _look(kind: str, deadline: float, settings: Any, component: Any) -> dict[str, Any]:
    module, shared = load(kind), {}
    network = NetworkPolicy((ip_network("127.0.0.0/8"),))
    reach = Reach(deadline, network, component, lambda key, make: shared.setdefault(key, make()))
    probe = module.Probe(module.Settings.model_validate(settings), reach)
    began = time.monotonic()
    try:
        answer = probe.read() if inspect.iscoroutinefunction(probe.read) else asyncio.to_thread(probe.read)
        reading = await asyncio.wait_for(answer, PATIENCE)
        took = time.monotonic() - began
    finally:
        probe.close()
    problem = reading.problem
    return {
        "fault": problem.fault if problem else "", "detail": problem.detail if problem else "",
        "blind": reading.blind, "took": took,
    }  # fmt: skip


def _settle() -> None:
    """What a look left behind is given back: the next may not live on it. So are the connections that libcurl keeps
    for the next transaction, in a loop that is over."""
    _POLLS.clear()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def _memory(what: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:")) / 1024


def _sockets() -> set[str]:
    found = set()
    for one in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that reads this folder
            found.add(str(one.readlink()))
    return {where for where in found if where.startswith("socket:")}


if __name__ == "__main__":
    _serve()
