"""Connecting inside the event loop: resolved once, judged by the address, connected to that very address."""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Problem
from mainstay.domain.saying import say
from mainstay.drivers.foreign import at, known, os_words
from mainstay.drivers.polling import WRITE, Poll


class NotConnected(Exception):
    """``problem`` says why."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(fault, detail)


NO_HOST = Problem(Fault.SETUP, say("no host: give one to the probe or its component"))


_ERRORS = {
    errno.ECONNREFUSED: Fault.REFUSED,
    errno.ECONNRESET: Fault.REFUSED,
    errno.EHOSTUNREACH: Fault.UNREACHABLE,
    errno.ENETUNREACH: Fault.UNREACHABLE,
    errno.ETIMEDOUT: Fault.TIMEOUT,
}


def literal(host: str, port: int, network: NetworkPolicy) -> tuple[socket.AddressFamily, str] | None:
    """The family and the address of a host that is written as an address; None for a name. Raises NotConnected."""
    family = _numeric(host)
    if family is None:
        return None
    if refusal := network.refusal(host, port):
        raise NotConnected(Fault.DENIED, refusal)
    return family, host


async def resolve(host: str, port: int, network: NetworkPolicy) -> tuple[socket.AddressFamily, str]:
    """The family and the first address of a host that may be touched. Raises NotConnected."""
    if (known := literal(host, port, network)) is not None:
        return known
    refusals = [(one, network.refusal(one[1], port)) for one in await _addresses(host, port)]
    for one, refusal in refusals:
        if not refusal:
            return one
    raise NotConnected(Fault.DENIED, refusals[0][1])


@lru_cache(maxsize=65_536)
def _numeric(host: str) -> socket.AddressFamily | None:
    try:
        return socket.AF_INET if ip_address(host).version == 4 else socket.AF_INET6
    except ValueError:
        return None


async def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, str]]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotConnected(Fault.UNRESOLVED, at(host, os_words(error))) from None
    return [(family, str(where[0])) for family, _, _, _, where in found]


class Attempt:
    """A connection in the making, to an address that was judged before. ``sock`` does not block."""

    __slots__ = ("_done", "_poll", "sock")

    def __init__(self, family: socket.AddressFamily) -> None:
        self.sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._poll = Poll.here()
        self._done: Callable[[int], None] | None = None

    def start(self, where: tuple[str, int], done: Callable[[int], None]) -> None:
        """``done`` is called once, perhaps at once: with the operating system's error number, 0 when it stands."""
        error = self.sock.connect_ex(where)
        if error == errno.EINPROGRESS:
            self._done = done
            self._poll.watch(self.sock.fileno(), WRITE, self._ready)
        else:
            done(error)

    def _ready(self, fd: int, _events: int) -> None:
        self._poll.remove(fd)
        done, self._done = self._done, None
        if done is not None:
            done(self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def close(self) -> None:
        """Give it up, or hang up."""
        if self._done is not None:
            self._done = None
            self._poll.remove(self.sock.fileno())
        self.sock.close()


async def connect(host: str, port: int, network: NetworkPolicy) -> socket.socket:
    """A connected, non-blocking socket. Raises NotConnected; the caller sets the deadline."""
    family, address = await resolve(host, port, network)
    attempt, future = Attempt(family), asyncio.get_running_loop().create_future()
    try:
        attempt.start((address, port), lambda error: None if future.done() else future.set_result(error))
        if error := await future:
            raise failed(OSError(error, os.strerror(error)), f"{host}:{port}")
    except BaseException:
        attempt.close()
        raise
    return attempt.sock


def failed(error: OSError, where: str) -> NotConnected:
    """An error of the operating system in our words."""
    fault = _ERRORS.get(error.errno or 0, Fault.UNREACHABLE)
    return NotConnected(fault, at(where, os_words(error)))


def tls_words(error: ssl.SSLError) -> str:
    """What OpenSSL complains about, without its file and line."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return known(str(error.verify_message))
    return known(str(error.reason or error).replace("_", " ").lower())
