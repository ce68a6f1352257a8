"""Bounds for libraries that open blocking sockets by themselves: every address is judged in the moment of connecting,
and at the deadline all their lines are cut.

Python tells of each connect before it is made (``sys.audit``, event ``socket.connect``); what is refused there is
refused whatever the name resolved to, and after a redirect too. It goes by thread: only the thread inside the block is
bound.
"""

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

from mainstay.domain.network import NetworkPolicy

_here = threading.local()


class Refused(PermissionError):
    """The policy does not allow this address; libraries take it for a connection that failed."""


class Bounds:
    """What a block may do. ``refusal`` says why an address was not connected to, ``late`` that the deadline cut it."""

    def __init__(self, network: NetworkPolicy) -> None:
        self.refusal = ""
        self.late = False
        self._network = network
        self._lines: list[socket.socket] = []

    def judge(self, line: socket.socket, address: Any) -> None:
        """Raise Refused, or keep hold of the line."""
        if line.family not in (socket.AF_INET, socket.AF_INET6):
            self.refusal = "only addresses of the network may be connected to"
        else:
            self.refusal = self._network.refusal(str(address[0]), int(address[1]))
        if self.refusal:
            raise Refused(self.refusal)
        self._lines.append(socket.socket(fileno=os.dup(line.fileno())))  # TLS takes the first descriptor away

    def cut(self) -> None:
        """End all conversations now."""
        self.late = True
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for line in self._lines:
            line.close()


@contextlib.contextmanager
def bounded(network: NetworkPolicy, seconds: float) -> Iterator[Bounds]:
    """Hold what this thread connects to in the block to a policy and a deadline."""
    _listen()
    bounds = Bounds(network)
    timer = threading.Timer(seconds, bounds.cut)
    timer.daemon = True
    timer.start()
    _here.bounds = bounds
    try:
        yield bounds
    finally:
        _here.bounds = None
        timer.cancel()
        timer.join()
        bounds.close()


@cache
def _listen() -> None:
    sys.addaudithook(_told)


def _told(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and (bounds := getattr(_here, "bounds", None)) is not None:
        bounds.judge(*arguments)
