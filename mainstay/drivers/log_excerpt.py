"""The end of a log, taken once: of this machine, or of another host over SSH. Nothing is written, nothing stays open.

On this machine only files below the directories that an administrator named are read (``log_directories`` in
``mainstay.toml``), and only programs in the plugin directories run, for who may write a catalogue is not who owns the
machine. On another host the account's own rights decide.
"""

import asyncio
import os
import shlex
import stat
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mainstay.domain.log_source import MOST_BYTES, LogSource, ending, words
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Problem
from mainstay.domain.saying import say, words_of
from mainstay.drivers import program, ssh
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.foreign import at, os_words
from mainstay.drivers.named_programs import named

LOCAL = ("local", "localhost")
_MOST_PRINTED = 2_000_000


class Untaken(Exception):
    """The log could not be had; raised with a saying."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may be touched: the network, the directories of logs and of programs on this machine."""

    network: NetworkPolicy
    directories: tuple[str, ...]
    programs: tuple[str, ...]


def take(source: LogSource, host: Mapping[str, Any] | None, bounds: Bounds, seconds: float) -> str:
    """The last lines, not yet redacted; ``host`` is the component where it lies, None this machine. Raises Untaken."""
    until = time.monotonic() + seconds
    if host is not None and (host.get("user") or str(host.get("address", "local")) not in LOCAL):
        return ending(_far(source, ssh.door_of(host), bounds.network, until))
    if source.file is not None:
        return ending(_file(source.file, bounds.directories))
    return ending(_printed(source, bounds.programs, until))


def _file(path: str, directories: Sequence[str]) -> str:
    try:
        real = Path(path).resolve(strict=True)
        if not any(real.is_relative_to(directory) for directory in directories):
            raise Untaken(say(
                "%(path)s is in none of the directories of logs (%(directories)s); an administrator can add one under "
                "log_directories", path=str(real), directories=", ".join(directories),
            ))  # fmt: skip
        return _end_of(real)
    except (OSError, RuntimeError) as error:
        raise Untaken(at(path, os_words(error) if isinstance(error, OSError) else str(error))) from None


def _end_of(path: Path) -> str:
    # What is no plain file must not hold us up, nor may the last part have become a link meanwhile.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(handle, "rb") as file:  # noqa: PTH123 - of a descriptor
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Untaken(say("%(path)s is no plain file", path=str(path)))
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - MOST_BYTES))
        text = file.read(MOST_BYTES).decode("utf-8", "replace")
    return text if size <= MOST_BYTES else text.partition("\n")[2]


def _printed(source: LogSource, programs: Sequence[str], until: float) -> str:
    argv = words(source)
    if source.command is not None:
        found = named(argv[0], programs)
        if isinstance(found, Problem):
            raise Untaken(found.detail)
        argv[0] = found
    try:
        ended = program.run(argv, until=until, most=_MOST_PRINTED)
    except ToolFailed as error:
        raise Untaken(words_of(error)) from None
    if ended.code:
        said = ended.err.strip().partition("\n")[0][:300]
        raise Untaken(say("it ended with code %(code)s: %(text)s", code=ended.code, text=said))
    return ended.out


def _far(source: LogSource, door: ssh.Door, network: NetworkPolicy, until: float) -> str:
    try:
        ended = asyncio.run(_bounded(shlex.join(words(source)), door, network, until))
    except TimeoutError:
        raise Untaken(say("it was not done in its time")) from None
    except ssh.ERRORS as error:
        raise Untaken(ssh.problem_of(error, door)[0].detail) from None
    if ended.code:
        said = ended.text.strip().rpartition("\n")[2][:300]
        raise Untaken(say("it ended with code %(code)s: %(text)s", code=ended.code, text=said))
    return ended.text


async def _bounded(command: str, door: ssh.Door, network: NetworkPolicy, until: float) -> ssh.Ended:
    async with asyncio.timeout(max(0.1, until - time.monotonic())):
        return await ssh.execute(command, door, network)
