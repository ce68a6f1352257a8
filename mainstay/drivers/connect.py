"""Connecting inside the event loop: resolved once, judged by the address, connected to that very address."""

import asyncio
import errno
import os
import socket
import ssl
from functools import lru_cache
from ipaddress import ip_address

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Problem
from mainstay.drivers.polling import WRITE, Poll


class NotConnected(Exception):
    """``problem`` says why."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(fault, detail)


_ERRORS = {
    errno.ECONNREFUSED: Fault.REFUSED,
    errno.ECONNRESET: Fault.REFUSED,
    errno.EHOSTUNREACH: Fault.UNREACHABLE,
    errno.ENETUNREACH: Fault.UNREACHABLE,
    errno.ETIMEDOUT: Fault.TIMEOUT,
}


async def resolve(host: str, port: int, network: NetworkPolicy) -> tuple[socket.AddressFamily, str]:
    """The family and the first address of a host that may be touched. Raises NotConnected."""
    family = _numeric(host)
    found = [(family, host)] if family else await _addresses(host, port)
    refusals = [(one, network.refusal(one[1], port)) for one in found]
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
        raise NotConnected(Fault.UNRESOLVED, f"{host}: {getattr(error, 'strerror', None) or error}") from None
    return [(family, str(where[0])) for family, _, _, _, where in found]


async def connect(host: str, port: int, network: NetworkPolicy) -> socket.socket:
    """A connected, non-blocking socket. Raises NotConnected; the caller sets the deadline."""
    family, address = await resolve(host, port, network)
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        error = await _connected(sock, (address, port))
    except BaseException:
        sock.close()
        raise
    if error:
        sock.close()
        raise failed(OSError(error, os.strerror(error)), f"{host}:{port}")
    return sock


async def _connected(sock: socket.socket, where: tuple[str, int]) -> int:
    """The operating system's error number; 0 when the connection stands."""
    error = sock.connect_ex(where)
    if error != errno.EINPROGRESS:
        return error
    poll, future = Poll.here(), asyncio.get_running_loop().create_future()

    def ready(_fd: int, _events: int) -> None:
        if not future.done():
            future.set_result(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    poll.add(sock.fileno(), WRITE, ready)
    try:
        return int(await future)
    finally:
        poll.remove(sock.fileno())


def failed(error: OSError, where: str) -> NotConnected:
    """An error of the operating system in our words."""
    fault = _ERRORS.get(error.errno or 0, Fault.UNREACHABLE)
    return NotConnected(fault, f"{where}: {error.strerror or error}")


def tls_words(error: ssl.SSLError) -> str:
    """What OpenSSL complains about, without its file and line."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message)
    return str(error.reason or error).replace("_", " ").lower()
