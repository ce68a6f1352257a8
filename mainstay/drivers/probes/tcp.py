"""TCP: does somebody listen, and does he say what he should."""

import asyncio
import os
import socket
import time

from pydantic import Field

from mainstay.domain.reading import Fault, Problem, Reading, late
from mainstay.domain.saying import say
from mainstay.drivers.connect import NO_HOST, Attempt, NotConnected, connect, failed, literal
from mainstay.drivers.kinds import Strict
from mainstay.drivers.probes import Done, Reach

METRICS = {"connect": "s", "answer": "s"}
TITLES = {
    "connect": say("time to connect"), "answer": say("time to the answer"),
}  # fmt: skip
_LARGEST = 65_536


class Settings(Strict):
    """``send`` and ``expect`` are text; ``expect`` must come within the timeout."""

    host: str = Field("", description="left to the component's address if empty")
    port: int = Field(ge=1, le=65535)
    send: str = ""
    expect: str = ""


class Probe:
    """Connects anew for each look."""

    __slots__ = ("_look", "_reach", "_settings", "_where")

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._reach = settings, reach
        self._where = settings.host or str(reach.component.get("address", ""))
        self._look: _Look | None = None

    def begin(self, done: Done) -> bool:
        """Where a name must be looked up, or something be said, it takes a coroutine."""
        settings = self._settings
        if settings.send or settings.expect:
            return False
        try:
            found = literal(self._where, settings.port, self._reach.network)
        except NotConnected as error:
            done(Reading(problem=error.problem))
            return True
        if found is not None:
            self._look = _Look(found[0], (found[1], settings.port), self._reach.timeout, done)
        return found is not None

    async def read(self) -> Reading:
        settings = self._settings
        if not self._where:
            return Reading(problem=NO_HOST, blind=True)
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._reach.timeout):
                sock = await connect(self._where, settings.port, self._reach.network)
                values = {"connect": time.perf_counter() - began}
                try:
                    wrong = await self._talk(sock, values) if settings.send or settings.expect else None
                finally:
                    sock.close()
        except TimeoutError:
            return _late(self._reach.timeout)
        except NotConnected as error:
            return Reading(problem=error.problem)
        return Reading(values, wrong)

    async def _talk(self, sock: socket.socket, values: dict[str, float]) -> Problem | None:
        loop, wanted, heard = asyncio.get_running_loop(), self._settings.expect.encode(), b""
        began = time.perf_counter()
        try:
            if self._settings.send:
                await loop.sock_sendall(sock, self._settings.send.encode())
            while wanted and wanted not in heard:
                chunk = await loop.sock_recv(sock, 4096)
                heard += chunk
                if not chunk or len(heard) > _LARGEST:
                    absent = say("%(wanted)s did not come; heard %(heard)s", wanted=repr(self._settings.expect),
                                 heard=repr(heard[:200]))  # fmt: skip
                    return Problem(Fault.CONTENT, absent)
        except OSError as error:
            return failed(error, f"{self._where}:{self._settings.port}").problem
        values["answer"] = time.perf_counter() - began
        return None

    def close(self) -> None:
        """Nothing is kept between two looks."""
        if self._look is not None:
            self._look.stop()
            self._look = None


class _Look:
    """One connection to one address, hung up as soon as it stands."""

    __slots__ = ("_attempt", "_began", "_done", "_timeout", "_timer", "_where")

    def __init__(self, family: socket.AddressFamily, where: tuple[str, int], timeout: float, done: Done) -> None:
        self._where, self._timeout, self._done = where, timeout, done
        self._timer = asyncio.get_running_loop().call_later(timeout, self._expired)
        self._attempt = Attempt(family)
        self._began = time.perf_counter()
        self._attempt.start(where, self._ended)

    def _ended(self, error: int) -> None:
        took = time.perf_counter() - self._began
        self.stop()
        if error:
            host, port = self._where
            self._done(Reading(problem=failed(OSError(error, os.strerror(error)), f"{host}:{port}").problem))
        else:
            self._done(Reading({"connect": took}))

    def _expired(self) -> None:
        self.stop()
        self._done(_late(self._timeout))

    def stop(self) -> None:
        self._timer.cancel()
        self._attempt.close()


def _late(timeout: float) -> Reading:
    return Reading(problem=late(timeout))
