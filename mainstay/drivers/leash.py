"""An end to every conversation: at the deadline first a polite cancel, then the line is cut; so it is when the other
side talks without end. Works on any connected socket, whoever reads from it."""

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

from mainstay.domain.reading import Fault

STEP = 0.1
"""Seconds between two looks at how much was received."""
GRACE = 0.08
"""Share of the deadline that is left for the other side to obey a cancel."""
POLITE = 2.0
"""Seconds that a cancel may take."""


class Leash:
    """``fault`` is set once the conversation was ended from here: what was read is then worth nothing."""

    def __init__(self, fd: int, seconds: float, most: int, cancel: Callable[[float], None] | None) -> None:
        self.fault: Fault | None = None
        self._socket = socket.socket(fileno=os.dup(fd))  # our own reference: the number may be given to another
        self._seconds, self._most, self._cancel = seconds, most, cancel
        self._over, self._lock = threading.Event(), threading.Lock()

    def hold(self) -> None:
        """Wait for the end of the conversation, or make it."""
        end, before = time.monotonic() + self._seconds, received(self._socket)
        while (rest := end - time.monotonic()) > 0:
            if self._over.wait(min(rest, STEP)):
                return
            if received(self._socket) - before > self._most:
                self._end(Fault.TOO_LARGE)
                self._cut()
                return
        if self._end(Fault.TIMEOUT) and self._cancel is not None:
            threading.Thread(target=self._ask, name="cancel", daemon=True).start()
            self._over.wait(max(0.05, self._seconds * GRACE))
        self._cut()

    def _ask(self) -> None:
        """Goes on after the line was cut: what runs over there should end all the same."""
        if self._cancel is not None:
            with contextlib.suppress(Exception):
                self._cancel(POLITE)

    def _end(self, fault: Fault) -> bool:
        with self._lock:
            if not self._over.is_set():
                self.fault = fault
        return self.fault is not None

    def _cut(self) -> None:
        with self._lock:
            if not self._over.is_set():
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """The conversation ended by itself."""
        with self._lock:
            self._over.set()
            self._socket.close()


@contextlib.contextmanager
def leashed(fd: int, seconds: float, most: int, cancel: Callable[[float], None] | None = None) -> Iterator[Leash]:
    """Bound the block: ``seconds``, ``most`` bytes received. ``cancel(seconds)`` asks the other side to stop."""
    leash = Leash(fd, seconds, most, cancel)
    thread = threading.Thread(target=leash.hold, name="leash", daemon=True)
    thread.start()
    try:
        yield leash
    finally:
        leash.release()


def received(sock: socket.socket) -> int:
    """Bytes since the connection was made, as Linux counts them (struct tcp_info, tcpi_bytes_received); 0 where it
    does not: a local socket, another system."""
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 136)
    except (OSError, AttributeError):
        return 0
    return int(struct.unpack_from("Q", info, 128)[0]) if len(info) >= 136 else 0
