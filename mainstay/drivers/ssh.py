"""One command on another host: over SSH, with a host key that was pinned beforehand and nothing installed there."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import asyncssh

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Problem
from mainstay.domain.saying import say, words_of
from mainstay.drivers.connect import NotConnected, connect
from mainstay.drivers.foreign import at

ERRORS = (NotConnected, asyncssh.Error, OSError, ValueError)
"""What ``run`` may raise; ``problem_of`` puts them into words."""

MOST = 2_000_000
"""Bytes that a command may print. The longest answer to ours is apt's, with 250 bytes a package."""


class TooMuch(asyncssh.Error):
    """The command printed more than is read; the connection was closed on it."""

    words = say("it printed more than %(size)s MB", size=MOST // 1_000_000)

    def __init__(self) -> None:
        super().__init__(asyncssh.DISC_BY_APPLICATION, self.words)


@dataclass(frozen=True, slots=True)
class Door:
    """Where and how to sign in. ``host_key`` as in known_hosts: ``ssh-ed25519 AAAA…``."""

    address: str
    user: str
    key_file: str = ""
    host_key: str = ""
    port: int = 22


def door_of(component: Mapping[str, Any]) -> Door:
    """As a component of kind host says: ``address``, ``user``, ``key_file``, ``host_key`` and ``port``."""
    text = {name: str(component.get(name) or "") for name in ("user", "key_file", "host_key")}
    return Door(str(component.get("address", "local")), **text, port=int(component.get("port") or 22))


class Answer(NamedTuple):
    """What a command printed, and the wall time here in the middle of asking."""

    text: str
    asked: float


async def run(command: str, door: Door, network: NetworkPolicy, given: bytes = b"") -> Answer:
    """``given`` is what it reads. Bounded by the caller's deadline; raises one of ``ERRORS``."""
    async with _signed_in(door, network) as connection:
        began = time.time()
        printed = await _printed(connection, command, given)
    return Answer(printed.decode("utf-8", "replace"), (began + time.time()) / 2)


@asynccontextmanager
async def _signed_in(door: Door, network: NetworkPolicy) -> AsyncIterator[asyncssh.SSHClientConnection]:
    if not door.host_key:
        raise ValueError(say("host_key is missing; pin it with: ssh-keyscan -t ed25519 %(host)s", host=door.address))
    sock = await connect(door.address, door.port, network)
    pinned = asyncssh.import_known_hosts(f"* {door.host_key}\n")
    async with asyncssh.connect(
        sock=sock, username=door.user, known_hosts=pinned, config=None, agent_path=None,
        client_keys=[door.key_file] if door.key_file else None,
    ) as connection:  # fmt: skip
        yield connection


async def _printed(connection: asyncssh.SSHClientConnection, command: str, given: bytes) -> bytes:
    """Raises TooMuch. What it says on its error output is thrown away by the library."""
    async with connection.create_process(command, encoding=None, stderr=asyncssh.DEVNULL) as process:
        process.stdin.write(given)
        process.stdin.write_eof()
        return await _taken(connection, process)


async def _taken(connection: asyncssh.SSHClientConnection, process: asyncssh.SSHClientProcess[bytes]) -> bytes:
    printed = bytearray()
    while chunk := await process.stdout.read(65_536):
        printed += chunk
        if len(printed) > MOST:
            connection.abort()  # a polite end would first take in what is still on its way
            raise TooMuch
    return bytes(printed)


class Ended(NamedTuple):
    """How a command ended, and what it printed on both outputs."""

    code: int
    text: str


async def execute(command: str, door: Door, network: NetworkPolicy) -> Ended:
    """The same, for a command whose exit code counts; one that was ended by a signal gives 255."""
    async with (
        _signed_in(door, network) as connection,
        connection.create_process(command, encoding=None, stderr=asyncssh.STDOUT) as process,
    ):
        printed = await _taken(connection, process)
        await process.wait()
        code = 255 if process.exit_status is None or process.exit_status < 0 else int(process.exit_status)
    return Ended(code, printed.decode("utf-8", "replace"))


def problem_of(error: Exception, door: Door) -> tuple[Problem, bool]:
    """The fault, and whether the host could not be seen at all."""
    if isinstance(error, NotConnected):
        return error.problem, False
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        detail = say("%(host)s shows another host key than the one that was pinned", host=door.address)
        return Problem(Fault.TLS, detail), True
    if isinstance(error, asyncssh.PermissionDenied):
        return Problem(Fault.AUTH, say("%(host)s refused %(user)s", host=door.address, user=door.user)), True
    fault = Fault.TOO_LARGE if isinstance(error, TooMuch) else Fault.PROTOCOL
    return Problem(fault, at(door.address, error.words if isinstance(error, TooMuch) else words_of(error))), True
