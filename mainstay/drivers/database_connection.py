"""What a connection to any database offers, and what all kinds of it need."""

import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault
from mainstay.domain.saying import say
from mainstay.drivers.foreign import at, os_words
from mainstay.drivers.leash import Leash
from mainstay.drivers.rows import MOST_GREETING, MOST_RECEIVED, Rows, Unread
from mainstay.drivers.statement import Dialect

Values = Mapping[str, Any]

LOCAL = "127.0.0.1"
"""A socket file leads to this machine: whoever may not touch loopback may not touch it either."""


class Connection(Protocol):
    """One open connection; used by one thread at a time."""

    dialect: Dialect

    def select(self, text: str, values: Values, limit: int, seconds: float) -> Rows:
        """Read by a statement that somebody wrote for a check. Raises Unread."""
        ...

    def ask(self, text: str, limit: int, seconds: float) -> Rows:
        """Read by a fixed statement of Mainstay's own, such as SHOW; it is not examined. Raises Unread."""
        ...

    def close(self) -> None: ...


def allowed_addresses(host: str, port: int, network: NetworkPolicy) -> list[str]:
    """The addresses of a host that may be touched, at least one. Raises Unread."""
    try:
        found = [str(item[4][0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise Unread(Fault.UNRESOLVED, at(host, os_words(error))) from None
    refusals = {address: network.refusal(address, port) for address in found}
    allowed = [address for address, refusal in refusals.items() if not refusal]
    if not allowed:
        raise Unread(Fault.DENIED, next(iter(refusals.values())))
    return allowed


def allowed_address(host: str, port: int, network: NetworkPolicy) -> str:
    """One of them. Raises Unread."""
    return allowed_addresses(host, port, network)[0]


def allow_socket(port: int, network: NetworkPolicy) -> None:
    """May a socket file be used? Raises Unread."""
    if refusal := network.refusal(LOCAL, port):
        raise Unread(Fault.DENIED, refusal)


def chosen(options: Mapping[str, Any], known: Sequence[str]) -> None:
    """Only settings that cannot lead anywhere else. Raises Unread."""
    for name in options:
        if name not in known:
            unknown = say("dsn: %(name)s may not be set here; known are %(known)s", name=name, known=", ".join(known))
            raise Unread(Fault.SETUP, unknown)


def readable(path: str) -> str:
    """The path of a certificate file; Unread when there is none."""
    if not os.access(path, os.R_OK):
        raise Unread(Fault.SETUP, say("%(path)s cannot be read", path=path))
    return path


def wrapped(examined_query: str, limit: str, columns: str = "*", names: str = "") -> str:
    """As a sub-select: whatever the query is, it stays one SELECT, and the server stops at the limit."""
    return f"select {columns} from (select * from (\n{examined_query}\n) q limit {limit}) r{names}"  # noqa: S608 - that is the job; see statement.py


def unwelcome() -> Unread:
    """A server that talks without end before it lets us in."""
    much = say("the server sent more than %(size)s kB before it let us in", size=MOST_GREETING // 1000)
    return Unread(Fault.TOO_LARGE, much)


def ended(leash: Leash, seconds: float) -> Unread:
    """Why a conversation was ended from here."""
    if leash.fault is Fault.TOO_LARGE:
        return Unread(Fault.TOO_LARGE, say("the answer went past %(size)s MB", size=MOST_RECEIVED // 1_000_000))
    return Unread(Fault.TIMEOUT, say("the query did not end within %(seconds)s s", seconds=f"{seconds:.1f}"))
