"""TCP: does somebody listen, and does he say what he should."""

import asyncio
import socket
import time

from pydantic import Field

from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.drivers.connect import NotConnected, connect, failed
from mainstay.drivers.probes import Reach, Strict

METRICS = {"connect": "s", "answer": "s"}
_LARGEST = 65_536


class Settings(Strict):
    """``send`` and ``expect`` are text; ``expect`` must come within the timeout."""

    host: str = Field("", description="left to the component's address if empty")
    port: int = Field(ge=1, le=65535)
    send: str = ""
    expect: str = ""


class Probe:
    """Connects anew for each look."""

    __slots__ = ("_reach", "_settings", "_where")

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._reach = settings, reach
        self._where = settings.host or str(reach.component.get("address", ""))

    async def read(self) -> Reading:
        settings = self._settings
        if not self._where:
            return Reading(problem=Problem(Fault.SETUP, "no host: give one to the probe or its component"), blind=True)
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
            return Reading(problem=Problem(Fault.TIMEOUT, f"no answer within {self._reach.timeout:g} s"))
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
                    return Problem(Fault.CONTENT, f"{self._settings.expect!r} did not come; heard {heard[:200]!r}")
        except OSError as error:
            return failed(error, f"{self._where}:{self._settings.port}").problem
        values["answer"] = time.perf_counter() - began
        return None

    def close(self) -> None:
        """Nothing is kept between two looks."""
