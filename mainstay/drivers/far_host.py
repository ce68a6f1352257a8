"""A host of the user's as a scratch place, over SSH: nothing is installed there, and nothing stays.

A program there runs under the guardian that programs here run under, sent along as text: it hears the end of the
connection as it would hear our death, and ends what it started. The place itself is kept by ``far_keeper.py``, which
removes it for the same reasons. Neither the password of a repository nor the keys of a store go there.
"""

import asyncio
import dataclasses
import json
import os
import selectors
import shlex
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.saying import Saying, say, words_of
from mainstay.drivers import program, ssh_files
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.connect import NotConnected, resolve
from mainstay.drivers.program import Ended, Limits, Running
from mainstay.drivers.ssh import Door

BASE = "/var/tmp"  # noqa: S108 - a directory of the host's own, made there under a new name
"""Where a place is made unless the host's component says ``scratch``: a disk, and not the memory that /tmp may be."""
BEAT = 10.0
"""Seconds between two signs; the keeper waits for six of them."""
_NAME, _SECONDS, _LONGEST = "mainstay-far", 60.0, 60
_WORD = 3.0
"""Seconds that the keeper may take to say why it ended."""
_HERE = Path(__file__).parent
_KEEPER = (_HERE / "far_keeper.py").read_text()
_GUARDIAN = (
    "import os, sys\nos.open(os.devnull, os.O_RDONLY)\nos.chdir(sys.argv[2])\nos.environ['LC_ALL'] = 'C.UTF-8'\n"
    + (_HERE / "guardian.py").read_text()
)
"""It finds, as the first descriptor that is free, the nothing that its program reads."""
_NOTHING = 3
_POLITE = Limits(nice=10)


@contextmanager
def _silence() -> Iterator[int]:
    """What ssh reads while nothing is said and nothing has ended."""
    silence, end = os.pipe()
    try:
        yield silence
    finally:
        os.close(silence)
        os.close(end)


class Asked(NamedTuple):
    """What the place is to be: below which directory, how many bytes at most, and how many stay free on its disk."""

    base: str
    room: int
    floor: int


class FarHost:
    """A place there, from ``__init__`` to ``close``. ``path`` is the directory, ``free`` the bytes left on its disk
    when it was made, ``postgresql`` the directories of the programs of each major version, ``mariadb`` the server's
    program, empty where there is none."""

    def __init__(self, door: Door, network: NetworkPolicy, asked: Asked, directory: Path) -> None:
        """``directory``: the run's own, for the key and the like. Raises ToolFailed."""
        self._where = f"{door.user}@{door.address}"
        if not asked.base.startswith("/") or len(asked.base) > _LONGEST:
            text = say(
                "%(path)s cannot hold a scratch place: write an absolute path of %(most)s letters at most",
                path=asked.base, most=_LONGEST,
            )  # fmt: skip
            raise ToolFailed("refused", text)
        self._config = self._written(door, network, directory)
        self._said = directory / _NAME / "said"
        told, self._beat = os.pipe()
        words = self._words(_KEEPER, *map(str, asked))
        with self._said.open("wb") as said:
            self._keeper = Running(words, {}, _POLITE, stdin=told, out=subprocess.PIPE, err=said)
        os.close(told)
        self._stack, self._why = ExitStack(), ""
        self._quiet = self._stack.enter_context(_silence())
        self._over = threading.Event()
        self._beats = threading.Thread(target=self._beating, name="beat", daemon=True)
        self._beats.start()
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        found = self._line(time.monotonic() + _SECONDS)
        if not found.get("place"):
            with suppress(subprocess.TimeoutExpired):
                self._keeper.process.wait(_WORD)
            raise self._failure(self._said.read_text(errors="replace").strip())
        self.path, self.free = Path(found["place"]), int(found["free"])
        self.postgresql: dict[int, str] = {int(major): path for major, path in found["postgresql"].items()}
        self.mariadb = str(found["mariadb"])
        if found["root"]:
            text = say("%(where)s is root, whom servers refuse: sign in there as another account", where=self._where)
            raise ToolFailed("refused", text)

    def run(
        self, argv: Sequence[str], *, until: float, limits: Limits = _POLITE, line: Any = None, judged: bool = True
    ) -> Ended:
        """Run a program in the place to its end. ``judged``: raises ToolFailed (refused) for a code that is not 0, by
        which that host says something of itself; otherwise for a connection that failed only."""
        with _silence() as silence:
            ended = program.run(self._guarded(argv, limits), until=until, line=line, stdin=silence)
        if ended.code == 255:  # also of a program that was ended with its place
            raise self.ended(_WORD) or self._failure(ended.err)
        if ended.code and judged:
            raise ToolFailed("refused", f"{self._where}: {argv[0]}: {(ended.err or ended.out).strip()[-300:]}")
        return ended

    def running(self, argv: Sequence[str], limits: Limits, log: Path) -> Running:
        """A program in the place that goes on until it is ended, here or by the end of the connection."""
        with log.open("ab") as out:
            return Running(
                self._guarded(argv, limits), {}, Limits(patience=limits.patience), stdin=self._quiet, out=out, err=out
            )

    def unpack(self, source: int, name: str, until: float) -> Ended:
        """A tar archive that is read from a descriptor, into a new directory of the place. Raises ToolFailed."""
        self.run(["mkdir", name], until=until)
        words = ["tar", "--extract", "--same-permissions", "--file=-", f"--directory={self.path / name}"]
        line = shlex.join(["exec", "nice", "-n", "10", *words])
        return program.run(["ssh", "-F", str(self._config), _NAME, line], until=until, stdin=source)

    def tunnel(self, there: Path, here: Path, until: float) -> Running:
        """A socket file here that leads to one there. Raises ToolFailed."""
        options = ("ClearAllForwardings=no", "ExitOnForwardFailure=yes", "StreamLocalBindUnlink=yes")
        words = [word for option in options for word in ("-o", option)]
        with self._said.open("wb") as said:
            argv = ["ssh", *words, "-F", str(self._config), "-N", "-L", f"{here}:{there}", _NAME]
            running = Running(argv, {}, _POLITE, err=said)
        while not here.exists():
            if running.process.poll() is not None or time.monotonic() > until:
                running.end()
                raise self._failure(self._said.read_text(errors="replace").strip())
            time.sleep(0.05)
        return running

    def ended(self, seconds: float = 0.0) -> ToolFailed | None:
        """Why the place is gone, or goes, before it was closed; None while it stays. A word of it may take so many
        seconds."""
        self._why = self._why or str(self._line(time.monotonic() + seconds).get("ended", ""))
        if self._why == "room":
            text = say("what is restored at %(where)s outgrew its room: see prove.room", where=self._where)
            return ToolFailed("no-space", text)
        if self._why == "floor":
            return ToolFailed("no-space", say("the disk of the scratch place at %(where)s is full", where=self._where))
        return self.cut() if self._why or self._keeper.process.poll() is not None else None

    def cut(self) -> ToolFailed:
        """That nothing is heard from there any more."""
        text = say("the connection to %(where)s was cut; what was restored there is removed", where=self._where)
        return ToolFailed("unreachable", text, retry=True)

    def close(self) -> None:
        """Remove the place; what the connection does not carry any more the keeper there does of itself."""
        self._over.set()
        self._beats.join()  # which must not write to what has another meaning by then
        os.close(self._beat)
        with suppress(subprocess.TimeoutExpired):
            self._keeper.process.wait(_SECONDS)
        self._keeper.end()
        self._stack.close()
        if self._keeper.process.stdout is not None:
            self._keeper.process.stdout.close()

    def _beating(self) -> None:
        while not self._over.wait(BEAT):
            with suppress(OSError):
                os.write(self._beat, b".")

    def _line(self, until: float) -> dict[str, Any]:
        """The next line that the keeper says; empty when it says none."""
        found = bytearray()
        assert self._keeper.process.stdout is not None  # noqa: S101 - asked for above
        with selectors.DefaultSelector() as ready:
            ready.register(self._keeper.process.stdout, selectors.EVENT_READ)
            while not found.endswith(b"\n") and ready.select(max(0.0, until - time.monotonic())):
                if not (chunk := os.read(self._keeper.process.stdout.fileno(), 1)):
                    break
                found += chunk
        try:
            said = json.loads(found)
        except ValueError:  # a greeting of the account's shell, say
            return {}
        return said if isinstance(said, dict) else {}

    def _guarded(self, argv: Sequence[str], limits: Limits) -> list[str]:
        task = {"argv": [*argv], "stdin": _NOTHING, "largest": 0, **dataclasses.asdict(limits)}
        return self._words(_GUARDIAN, json.dumps(task), str(self.path))

    def _words(self, source: str, *arguments: str) -> list[str]:
        """A Python text there. ssh hands a line to the account's shell, so every word is quoted for that."""
        line = shlex.join(["exec", "python3", "-I", "-S", "-c", source, *arguments])
        return ["ssh", "-F", str(self._config), _NAME, line]

    def _written(self, door: Door, network: NetworkPolicy, directory: Path) -> Path:
        try:
            address = asyncio.run(resolve(door.address, door.port, network))[1]
            key = Path(door.key_file).read_text()
            return ssh_files.written(directory, _NAME, dataclasses.replace(door, address=address), key)
        except NotConnected as error:
            raise ToolFailed("unreachable", error.problem.detail, retry=True) from None
        except OSError as error:
            raise ToolFailed("refused", f"{door.key_file}: {error.strerror}") from None
        except ValueError as error:
            raise ToolFailed("refused", words_of(error)) from None

    def _failure(self, said: str) -> ToolFailed:
        """What ssh, or the shell there, said of it."""
        text = said.strip()[-300:]
        why: Saying | str = f"{self._where}: {text or 'no answer'}"
        if "Permission denied" in said or "verification failed" in said:
            return ToolFailed("refused", why)
        if "python3" in said and "not found" in said:
            why = say("%(where)s has no python3, by which a scratch place there is kept: install it", where=self._where)
            return ToolFailed("missing", why)
        return ToolFailed("unreachable", why, retry=True)
