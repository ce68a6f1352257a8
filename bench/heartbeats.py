"""Heartbeats in: a real web process, pings over kept connections, each answered only after it is committed."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import cast

import uvloop

from bench.servers import await_port, cpu_seconds, free_port, running

CHECKS, CONNECTIONS = 1000, 400
"""Pings that come within 50 ms share a commit, so it takes some hundred senders to keep a core busy."""


@dataclass(frozen=True, slots=True)
class Pinged:
    """``pings`` were answered 200; ``kept`` are in the database."""

    pings: int
    kept: int
    per_second: float
    per_cpu_second: float
    cpu_ms: float


def measure(directory: Path, seconds: float) -> Pinged:
    """GET and POST by turns, at whatever pace the process takes them."""
    workspace = directory / "heartbeats"
    workspace.mkdir()
    port = free_port()
    environment = {"MAINSTAY_WORKSPACE": str(workspace), "MAINSTAY_PORT": str(port)}
    fill = [sys.executable, "-m", "bench.workspace", "heartbeat", str(CHECKS), "60", "0"]
    with (workspace / "fill.log").open("wb") as log:
        subprocess.run(fill, check=True, stdout=log, stderr=log, env={**os.environ, **environment})
    database = sqlite3.connect(workspace / "data" / "mainstay.sqlite3", timeout=30)
    tokens = [row[0] for row in database.execute("SELECT token FROM monitoring_pingtoken")]
    argv = [
        sys.executable, "-m", "uvicorn", "mainstay.web.server:application", "--host", "127.0.0.1", "--port", str(port),
        "--log-level", "warning", "--no-access-log", "--no-server-header",
    ]  # fmt: skip
    with running(argv, workspace / "log", environment) as web:
        await_port(port)
        uvloop.run(_send(port, tokens, 3.0))
        cpu, began = cpu_seconds(web), time.monotonic()
        before = _kept(database)
        pings = uvloop.run(_send(port, tokens, seconds))
        spent, lasted = cpu_seconds(web) - cpu, time.monotonic() - began
        kept = _kept(database) - before
    database.close()
    return Pinged(pings, kept, pings / lasted, pings / spent, spent / pings * 1000)


def _kept(database: sqlite3.Connection) -> int:
    count: int = database.execute("SELECT count(*) FROM monitoring_ping").fetchone()[0]
    return count


async def _send(port: int, tokens: list[str], seconds: float) -> int:
    """How many were answered 200. Every sender waits for its last answer before it ends."""
    loop = asyncio.get_running_loop()
    requests = cycle(
        form % token.encode()
        for token in tokens
        for form in (
            b"GET /ping/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            b"POST /ping/%s/0 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n\r\ndone",
        )
    )
    senders = []
    for _ in range(CONNECTIONS):
        _, sender = await loop.create_connection(
            lambda: _Sender(requests, time.monotonic() + seconds), "127.0.0.1", port
        )
        senders.append(sender)
    await asyncio.wait_for(asyncio.gather(*(sender.over for sender in senders)), seconds + 60)
    return sum(sender.answered for sender in senders)


class _Sender(asyncio.Protocol):
    """One kept connection: the next ping follows the answer to the last."""

    def __init__(self, requests: "cycle[bytes]", until: float) -> None:
        self._requests, self._until = requests, until
        self.answered = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._heard = cast(asyncio.Transport, transport), b""
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if not self._heard.endswith(b"\r\n\r\nok"):
            return
        if not self._heard.startswith(b"HTTP/1.1 200"):
            self._transport.close()
            return
        self.answered, self._heard = self.answered + 1, b""
        if time.monotonic() < self._until:
            self._transport.write(next(self._requests))
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None or self._heard:
            self.over.set_exception(exc or RuntimeError(f"not taken: {self._heard[:200]!r}"))
        else:
            self.over.set_result(None)
