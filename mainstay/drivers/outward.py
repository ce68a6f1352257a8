"""Bounds for libraries that open blocking sockets by themselves: every address is judged in the moment of connecting,
and at the deadline all their lines are cut.

Python tells of each connect before it is made (``sys.audit``, event ``socket.connect``); what is refused there is
refused whatever the name resolved to, and after a redirect too. It goes by thread: only the thread inside the block is
bound.
"""

import contextlib
import os
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Problem
from mainstay.domain.saying import say
from mainstay.drivers.connect import failed, tls_words
from mainstay.drivers.foreign import at, os_words

_here = threading.local()


class Refused(PermissionError):
    """The policy does not allow this address; libraries take it for a connection that failed."""


class Bounds:
    """What a block may do. ``refusal`` says why an address was not connected to, ``late`` that the deadline cut it."""

    def __init__(self, network: NetworkPolicy, seconds: float) -> None:
        self.refusal = ""
        self.late = False
        self._seconds = seconds
        self._network = network
        self._lines: list[socket.socket] = []

    def judge(self, line: socket.socket, address: Any) -> None:
        """Raise Refused, or keep hold of the line."""
        if line.family not in (socket.AF_INET, socket.AF_INET6):
            self.refusal = say("only addresses of the network may be connected to")
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

    def problem(self, error: Exception, where: str) -> Problem | None:
        """What an error in the block says about the way to ``where``; None when it is not about the way."""
        timed_out = any(isinstance(one, TimeoutError) for one in (error, error.__context__))  # smtplib renames it
        if self.late or timed_out:
            return Problem(Fault.TIMEOUT, at(where, say("no end within %(seconds)s s", seconds=f"{self._seconds:g}")))
        if self.refusal:
            return Problem(Fault.DENIED, self.refusal)
        if isinstance(error, ssl.SSLError):
            return Problem(Fault.TLS, at(where, tls_words(error)))
        if isinstance(error, socket.gaierror | UnicodeError):
            return Problem(Fault.UNRESOLVED, at(where, os_words(error)))
        if isinstance(error, OSError) and error.errno is not None:
            return failed(error, where).problem
        return None

    def close(self) -> None:
        for line in self._lines:
            line.close()


@contextlib.contextmanager
def bounded(network: NetworkPolicy, seconds: float) -> Iterator[Bounds]:
    """Hold what this thread connects to in the block to a policy and a deadline."""
    _listen()
    bounds = Bounds(network, seconds)
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
