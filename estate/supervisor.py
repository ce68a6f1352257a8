"""Child processes: start, watch, restart, stop. A held child is left down until it is released."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from estate.layout import Layout

PR_SET_PDEATHSIG = 1
GOOD_LIFE = 30.0  # seconds after which a fall is a first fall again
LONGEST_PAUSE = 8.0
_libc = ctypes.CDLL(None, use_errno=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end_with_parent(stop_signal: int) -> Callable[[], None]:
    """Asks the kernel to signal the child when we die, even by SIGKILL."""

    def ask() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, stop_signal)

    return ask


@dataclass
class Child:
    """One process of the estate and how to tell that it works."""

    name: str
    command: list[str]
    ready: Callable[[], bool]
    stop_signal: int = signal.SIGTERM
    options: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    not_before: float = 0.0
    started: float = 0.0

    def start(self, layout: Layout) -> None:
        self.started = time.monotonic()
        with (layout.logs / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.options.get("cwd", "/"),
                start_new_session=True, preexec_fn=_end_with_parent(self.stop_signal),  # noqa: PLW1509
                **{key: value for key, value in self.options.items() if key != "cwd"},
            )  # fmt: skip

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process and self.alive else None

    def stop(self, patience: float = 8.0) -> None:
        """Ask, wait, then end the whole group: a pool's workers must not outlive it."""
        if self.process is None:
            return
        if self.alive:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                pass
        kill_group(self.process.pid)
        self.process.wait(patience)
        self.process = None


def kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


class Supervisor:
    """Keeps the children running in the order they were added; stops them in the reverse order."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.children: list[Child] = []

    def pids(self) -> dict[str, int | None]:
        return {child.name: child.pid for child in self.children}

    def run(self, child: Child, patience: float = 60.0) -> None:
        """Start a child and wait until it is ready."""
        self.children.append(child)
        child.start(self.layout)
        self.wait(child, patience)

    def begin(self, child: Child) -> None:
        """Start a child; someone waits for it later."""
        self.children.append(child)
        child.start(self.layout)

    def wait(self, child: Child, patience: float = 60.0) -> None:
        deadline = time.monotonic() + patience
        while not child.ready():
            if not child.alive or time.monotonic() > deadline:
                raise RuntimeError(f"{child.name} did not become ready: {tail(self.layout, child.name)}")
            time.sleep(0.05)

    def tend(self) -> None:
        """One look at every child: end what is held, restart what fell."""
        now = time.monotonic()
        for child in self.children:
            held = self.layout.held(child.name).exists()
            if held or child.alive or now < child.not_before:
                continue
            if child.process is not None:
                kill_group(child.process.pid)
            lived_well = now - child.started > GOOD_LIFE
            child.failures = 1 if lived_well else child.failures + 1
            child.not_before = now + min(2.0**child.failures / 2, LONGEST_PAUSE)
            child.start(self.layout)

    def stop(self) -> None:
        for child in reversed(self.children):
            child.stop()


def tail(layout: Layout, name: str) -> str:
    path = layout.logs / f"{name}.log"
    return path.read_text(errors="replace")[-600:] if path.exists() else "no log"
