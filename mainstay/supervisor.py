"""``mainstay up``: a small process over the others. What ends is started again; when this ends, all end with it."""

import ctypes
import http.client
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import DatabaseError, connection, connections

from mainstay.domain.own_copy import Unfit
from mainstay.domain.schedule import restart_delay
from mainstay.drivers.own_files import running
from mainstay.monitoring import actions, queries
from mainstay.own_copies.actions import make_ready
from mainstay.own_copies.restoring import is_half_done
from mainstay.people.actions import ensure_first_administrator
from mainstay.settings import CONFIGURATION, DATA, WORKSPACE

_log = logging.getLogger(__name__)

ROLES = ("web", "checker", "engine")

LOOK_EVERY = 0.25
SILENT_AFTER = 60.0
"""Seconds without a pulse after which a process that once gave one is taken for hung and started anew."""

ANSWER = 5.0
"""Seconds that the web process has to answer."""

PATIENCE = 10.0
"""Seconds that a process has to end by itself."""

STEADY_AFTER = 60.0
"""Seconds of life after which earlier deaths are forgotten."""

_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None, use_errno=True).prctl


class CannotStart(Exception):
    """Says in a sentence why, and what to do."""


@dataclass(slots=True)
class Child:
    """One process: what it runs, how often it died lately, when it last answered. Times are of the steady clock."""

    role: str
    process: subprocess.Popen[bytes] | None = None
    begun: float = 0.0
    deaths: int = 0
    due: float = 0.0
    heard: float = 0.0


def command(role: str) -> list[str]:
    """The program of a role, in a Python of its own that imports only what it needs."""
    if role == "web":
        where = ["--host", CONFIGURATION.address, "--port", str(CONFIGURATION.port)]
        quiet = ["--log-level", "warning", "--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "5"]
        return [sys.executable, "-m", "uvicorn", "mainstay.web.server:application", *where, *quiet]
    return [sys.executable, "-m", f"mainstay.{role}.main", name(role)]


def name(role: str) -> str:
    """Under which a role says that it lives: with this host's name where others may share the database."""
    return f"{role}-{socket.gethostname()}"[:64] if connection.vendor == "postgresql" else role


class Supervisor:
    """``run`` returns after SIGTERM or SIGINT, when all children have ended. For the main thread only."""

    def __init__(self, roles: Sequence[str], *, silent_after: float = SILENT_AFTER) -> None:
        self._children = [Child(role) for role in roles]
        self._silent_after = silent_after
        self._stopping = threading.Event()
        self._healthy_at = time.monotonic()

    def run(self) -> None:
        """Bring the database up to date, then keep the children alive. Raises CannotStart."""
        if is_half_done(WORKSPACE):
            raise CannotStart("a restore of this workspace was killed half-way; run: mainstay restore-self --finish")
        try:
            with running(DATA):
                self._run()
        except Unfit as error:
            raise CannotStart(str(error)) from error

    def _run(self) -> None:
        prepare([child.role for child in self._children])
        for word in (signal.SIGTERM, signal.SIGINT):
            signal.signal(word, lambda *_: self._stopping.set())
        try:
            while not self._stopping.is_set():
                self._keep_alive()
                self._look_after_health()
                self._stopping.wait(LOOK_EVERY)
        finally:
            self._end()

    def _keep_alive(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, now)
            if child.process is None and now >= child.due:
                child.process, child.begun = start(child.role), now

    def _bury(self, child: Child, now: float) -> None:
        code = child.process.returncode if child.process else 0
        child.deaths = 1 if now - child.begun > STEADY_AFTER else child.deaths + 1
        delay = restart_delay(child.deaths)
        _log.error("%s ended with %s and is started again in %.1f s", child.role, code, delay)
        child.process, child.due = None, now + delay

    def _look_after_health(self) -> None:
        """End a process that lives but gives no sign."""
        if time.monotonic() - self._healthy_at < self._silent_after / 6:
            return
        self._healthy_at = time.monotonic()
        signs = self._signs()
        for child in self._children:
            silence = self._silence(child, signs)
            if child.process is not None and silence > self._silent_after:
                _log.error("%s gave no sign for %.0f s and is ended", child.role, silence)
                child.process.kill()

    def _signs(self) -> dict[str, datetime]:
        """Process → when it last wrote that it lives; nothing while we cannot write a sign of our own."""
        try:
            actions.pulse(name("supervisor"), {child.role: child.deaths for child in self._children})
            return {pulse.process: pulse.at for pulse in queries.pulses()}
        except DatabaseError as error:
            connections.close_all()
            _log.warning("health is not known, the database is away: %s", error)
            return {}

    def _silence(self, child: Child, signs: Mapping[str, datetime]) -> float:
        """Seconds since a process last gave a sign: the web process by answering, the others by what they write. One
        that was just started has the time that it needs for its first."""
        lived = time.monotonic() - child.begun
        if child.role == "web":
            if _answers():
                child.heard = time.monotonic()
            return time.monotonic() - max(child.heard, child.begun)
        at = signs.get(name(child.role))
        age = (datetime.now(UTC) - at).total_seconds() if at else 0.0
        return age if lived > age else 0.0

    def _end(self) -> None:
        living = [child.process for child in self._children if child.process is not None]
        for process in living:
            process.terminate()
        deadline = time.monotonic() + PATIENCE
        for process in living:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers() -> bool:
    """Whether the web process says anything at all."""
    where = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(CONFIGURATION.address, CONFIGURATION.address)  # noqa: S104
    door = http.client.HTTPConnection(where, CONFIGURATION.port, timeout=ANSWER)
    try:
        door.request("GET", "/api/v1/version")
        return door.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        door.close()


def prepare(roles: Sequence[str]) -> None:
    """What must hold before anything starts: a free port and a database of this version. Raises CannotStart."""
    if "web" in roles:
        _claim_port(CONFIGURATION.address, CONFIGURATION.port)
    try:
        make_ready(lambda words: print(words, file=sys.stderr))  # noqa: T201
    except DatabaseError as error:
        raise CannotStart(
            f"the database cannot be used: {str(error).strip()}; see database in mainstay.toml"
        ) from error
    if "web" in roles and (password := ensure_first_administrator()):
        sys.stderr.write(f"The first sign-in: admin / {password}   (shown this once; change it then)\n")
    connections.close_all()


def _claim_port(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((address, port))
        except OSError as error:
            raise CannotStart(
                f"{address}:{port} cannot be opened ({error.strerror}); stop what uses it, or choose another: "
                f"MAINSTAY_PORT={port + 1} mainstay up"
            ) from error


def start(role: str) -> subprocess.Popen[bytes]:
    """Start a role in a session of its own, so that Ctrl-C reaches it through us and in order."""
    parent = os.getpid()
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "mainstay.settings"}

    def die_with_parent() -> None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # we were killed between fork and here
            os._exit(1)

    return subprocess.Popen(
        command(role), env=environment, stdin=subprocess.DEVNULL, start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - the supervisor has a single thread
    )  # fmt: skip
