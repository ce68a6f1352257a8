"""Running somebody else's program: a list of words, never a shell; with an end, and nothing left behind.

Between us and the program stands ``guardian.py``. It puts the program into a process group of its own and kills that
group, with all that left it, when the program ends, at the deadline, and when our own process dies, even by SIGKILL.
Popen's ``preexec_fn`` is not safe beside threads; a process of one thread does that work here, and it hears of our
death by a pipe that the kernel closes, which holds whichever thread started it (PR_SET_PDEATHSIG goes by thread).

The environment is given, not inherited. Secrets go there or into files of mode 0600, never among the arguments.
"""

import contextlib
import dataclasses
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mainstay.drivers.backup_tools import ToolFailed

_GUARDIAN = str(Path(__file__).with_name("guardian.py"))
_INHERITED = ("PATH", "HOME", "LANG", "TZ")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SECRET = re.compile(r"PASS|SECRET|KEY|TOKEN", re.IGNORECASE)
_MOST_LINE = 1_000_000
_MOST_ERRORS = 16_000
"""Bytes of standard error that are kept: the last ones, where the reason stands."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``nice`` 0–19; ``idle``: reads and writes only when nobody else does; ``memory`` bytes of address space, 0: any;
    ``user``: the account that root hands the program to; ``stop`` is the signal that asks it to end, and ``patience``
    how many seconds it has for that before all of it is killed."""

    nice: int = 0
    idle: bool = False
    memory: int = 0
    user: str = ""
    stop: int = signal.SIGKILL
    patience: float = 0.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How it went: the exit code (128 + n: ended by signal n), what was printed, and how many seconds it took."""

    code: int
    out: str
    err: str
    seconds: float


_NO_LIMITS = Limits()


class House:
    """All that this process has started and not ended yet. ``largest``: bytes of the largest file that any of it may
    write, 0: any."""

    def __init__(self) -> None:
        self.largest = 0
        self.running: set[Running] = set()

    def end_all(self) -> None:
        """Let all of it be ended; whoever waits for a part of it finds that it has."""
        for one in tuple(self.running):
            one.hang_up()


HOUSE = House()


class Running:
    """A program that was started; a server, say. ``end`` it, or leave the ``with`` block."""

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        limits: Limits = _NO_LIMITS,
        *,
        stdin: int | None = None,
        out: int | IO[bytes] = subprocess.DEVNULL,
        err: int | IO[bytes] = subprocess.DEVNULL,
        cwd: Path | str = "/",
    ) -> None:
        """Raises ToolFailed (missing)."""
        full = surroundings(environment)
        words = [found(argv[0], full), *argv[1:]]
        if limits.idle and (ionice := shutil.which("ionice", path=_PATH)):
            words = [ionice, "-c", "3", *words]
        self._patience = limits.patience + 10
        with contextlib.ExitStack() as stack:
            if stdin is None:
                stack.callback(os.close, nothing := os.open(os.devnull, os.O_RDONLY))
                stdin = nothing
            task = {"argv": words, "stdin": stdin, "largest": HOUSE.largest, **dataclasses.asdict(limits)}
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", _GUARDIAN, json.dumps(task)], env=full, cwd=cwd, stdin=subprocess.PIPE,
                stdout=out, stderr=err, start_new_session=True, pass_fds=(stdin,),
            )  # fmt: skip
        HOUSE.running.add(self)

    def hang_up(self) -> None:
        """Let it be ended, without waiting for that."""
        assert self.process.stdin is not None  # noqa: S101 - asked for above
        self.process.stdin.close()

    def end(self) -> None:
        """End it and all that it started; returns when they are gone."""
        self.hang_up()
        HOUSE.running.discard(self)
        try:
            self.process.wait(self._patience)
        except subprocess.TimeoutExpired:  # a process that hangs inside the kernel cannot be waited for
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def run(
    argv: Sequence[str],
    *,
    until: float,
    environment: Mapping[str, str] | None = None,
    line: Callable[[str], None] | None = None,
    tick: Callable[[], None] | None = None,
    stdin: Path | int | None = None,
    limits: Limits = _NO_LIMITS,
    cwd: Path | str = "/",
    most: int = 16_000_000,
) -> Ended:
    """Run it to its end. ``until``: monotonic seconds. With ``line``, each line of its output is handed there and not
    kept; without, at most ``most`` bytes. ``tick`` is called about once a second. Raises ToolFailed (missing, timeout;
    failed when it printed more)."""
    given, began = environment or {}, time.monotonic()
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(stdin.open("rb")).fileno() if isinstance(stdin, Path) else stdin
        out = subprocess.PIPE
        running = stack.enter_context(Running(argv, given, limits, stdin=source, out=out, err=out, cwd=cwd))
        printed = _Printed(argv[0], line, most)
        _read(running.process, printed, until, tick or (lambda: None))
        code = code_of(running, until, argv[0])
    printed.close()
    err = concealed(bytes(printed.err).decode("utf-8", "replace"), given)
    if code == _CANNOT:
        raise ToolFailed("missing", err.strip() or f"{argv[0]} cannot be started")
    return Ended(code, bytes(printed.out).decode("utf-8", "replace"), err, time.monotonic() - began)


class _Printed:
    """What a program says, within bounds."""

    def __init__(self, name: str, line: Callable[[str], None] | None, most: int) -> None:
        self.out, self.err = bytearray(), bytearray()
        self.name, self._line, self._most = name, line, most

    def take_out(self, chunk: bytes) -> None:
        self.out += chunk
        if self._line is not None:
            *whole, rest = self.out.split(b"\n")
            self.out = bytearray(rest[:_MOST_LINE])
            for one in whole:
                self._line(one.decode("utf-8", "replace"))
        elif len(self.out) > self._most:
            raise ToolFailed("failed", f"{self.name} printed more than {self._most // 1000} kB")

    def take_err(self, chunk: bytes) -> None:
        self.err += chunk
        del self.err[:-_MOST_ERRORS]

    def close(self) -> None:
        if self._line is not None and self.out:
            self._line(self.out.decode("utf-8", "replace"))
            self.out.clear()


def _read(process: subprocess.Popen[bytes], printed: _Printed, until: float, tick: Callable[[], None]) -> None:
    """Until both outputs are closed. Raises ToolFailed (timeout)."""
    assert process.stdout is not None and process.stderr is not None  # noqa: PT018, S101 - asked for by run
    with process.stdout as out, process.stderr as err, selectors.DefaultSelector() as ready:
        ready.register(out, selectors.EVENT_READ, printed.take_out)
        ready.register(err, selectors.EVENT_READ, printed.take_err)
        ticked = time.monotonic()
        while ready.get_map():
            if time.monotonic() - ticked >= 1:
                tick()
                ticked = time.monotonic()
            for key, _ in ready.select(min(1.0, _left(until, printed.name))):
                if chunk := os.read(key.fd, 65_536):
                    key.data(chunk)
                else:
                    ready.unregister(key.fileobj)


def code_of(running: Running, until: float, name: str) -> int:
    """The exit code of a program that comes to its end of itself. Raises ToolFailed (timeout)."""
    try:
        return running.process.wait(_left(until, name))
    except subprocess.TimeoutExpired:
        raise _late(name) from None


def _left(until: float, name: str) -> float:
    if (left := until - time.monotonic()) > 0:
        return left
    raise _late(name)


def _late(name: str) -> ToolFailed:
    return ToolFailed("timeout", f"{Path(name).name} was not done at its deadline and was ended")


def surroundings(given: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a program. Its words are English, because they are read by programs."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    path = f"{inherited.get('PATH', _PATH)}:{_PATH}"
    return {**inherited, "PATH": path, "LC_ALL": "C.UTF-8", **given}


def found(name: str, environment: Mapping[str, str] | None = None) -> str:
    """The path of a program. Raises ToolFailed (missing)."""
    path = (environment or surroundings({}))["PATH"]
    if where := shutil.which(name, path=path):
        return where
    raise ToolFailed("missing", f"there is no program {name} on this machine")


def concealed(text: str, environment: Mapping[str, str]) -> str:
    """Without the secrets that were given to the program, should it have repeated one."""
    for name, value in environment.items():
        if len(value) > 3 and _SECRET.search(name):
            text = text.replace(value, "***")
    return text


def version(name: str) -> str:
    """What the program says that it is, such as ``15.18``. Raises ToolFailed (missing; failed when it says nothing)."""
    asking = "version" if Path(name).name in _ASKED_BY_COMMAND else "--version"
    ended = run([name, asking], until=time.monotonic() + 20)
    if match := _VERSION.search(ended.out + ended.err):
        return match[1]
    raise ToolFailed("failed", f"{name} does not say its version: {ended.err.strip()[:200]}")


_CANNOT = 127
_ASKED_BY_COMMAND = {"restic", "pgbackrest"}
_VERSION = re.compile(r"(?:Distrib |server |\) |restic |pgBackRest |Ver )(?!\d+\.\d+ Distrib)v?(\d+(?:\.\d+)+)")


def at_least(text: str, *wanted: int) -> bool:
    """Is the version this one or newer?"""
    return tuple(map(int, re.findall(r"\d+", text)))[: len(wanted)] >= wanted
