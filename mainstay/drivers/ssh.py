"""One command on another host: over SSH, with a host key that was pinned beforehand and nothing installed there."""

import time
from dataclasses import dataclass
from typing import NamedTuple

import asyncssh

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Problem
from mainstay.drivers.connect import NotConnected, connect

ERRORS = (NotConnected, asyncssh.Error, OSError, ValueError)
"""What ``run`` may raise; ``problem_of`` puts them into words."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where and how to sign in. ``host_key`` as in known_hosts: ``ssh-ed25519 AAAA…``."""

    address: str
    user: str
    key_file: str = ""
    host_key: str = ""
    port: int = 22


class Answer(NamedTuple):
    """What a command printed, and the wall time here in the middle of asking."""

    text: str
    asked: float


async def run(command: str, door: Door, network: NetworkPolicy) -> Answer:
    """Bounded by the caller's deadline; raises one of ``ERRORS``."""
    if not door.host_key:
        raise ValueError("host_key is missing; pin it with: ssh-keyscan -t ed25519 " + door.address)
    sock = await connect(door.address, door.port, network)
    pinned = asyncssh.import_known_hosts(f"* {door.host_key}\n")
    async with asyncssh.connect(
        sock=sock, username=door.user, known_hosts=pinned, config=None, agent_path=None,
        client_keys=[door.key_file] if door.key_file else None,
    ) as connection:  # fmt: skip
        began = time.time()
        done = await connection.run(command, check=False)
    return Answer(str(done.stdout), (began + time.time()) / 2)


def problem_of(error: Exception, door: Door) -> tuple[Problem, bool]:
    """The fault, and whether the host could not be seen at all."""
    if isinstance(error, NotConnected):
        return error.problem, False
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        detail = f"{door.address} shows another host key than the one that was pinned"
        return Problem(Fault.TLS, detail), True
    if isinstance(error, asyncssh.PermissionDenied):
        return Problem(Fault.AUTH, f"{door.address} refused {door.user}"), True
    return Problem(Fault.PROTOCOL, f"{door.address}: {error}"), True
