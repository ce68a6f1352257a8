"""Servers that mean harm, against the kinds that have no test of their own for it: tcp, tls, transaction, prometheus.
A look ends soon after its deadline, in little memory, with a sentence, and leaves no socket open."""

import asyncio
import gc
import inspect
import resource
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mainstay.domain.reading import Fault, Reading
from mainstay.drivers.probes import load
from tests.drivers.test_http import HOSTILE, Answer, reach, serving, silent

DEADLINE, PATIENCE = 0.5, 5.0
KINDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "tcp": lambda port: {"host": "127.0.0.1", "port": port, "send": "HELO\r\n\r\n", "expect": "220 ready"},
    "tls": lambda port: {"host": "127.0.0.1", "port": port},
    "transaction": lambda port: {"steps": [
        {"name": "login", "url": f"http://127.0.0.1:{port}/", "save": {"key": "$.key"}},
        {"name": "order", "url": f"http://127.0.0.1:{port}/{{key}}"},
        {"name": "logout", "url": f"http://127.0.0.1:{port}/", "always": True},
    ]},
    "prometheus": lambda port: {"metrics": {"a": "a"}},
}  # fmt: skip


def forever(start: bytes, piece: bytes, pause: float = 0.0) -> Answer:
    """Something, and then for ever more of it."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return answer


def breaking(start: bytes) -> Answer:
    """Something, and then the connection is reset."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(start)
        await writer.drain()
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    return answer


HELLO = b"\x16\x03\x03\x40\x00" + b"\x02\x00\x3f\xfc"
"""Begins a record of 16 kB with a ServerHello; it is never finished."""
HUGE = b"\x16\x03\x03\x40\x00" + b"\x0b\xff\xff\xff" + b"\0" * 0x3FFC
"""A certificate message of 16 MB."""
RAW: dict[str, Answer] = {
    "says nothing": silent,
    "drips": forever(b"", b".", 0.05),
    "talks without end": forever(b"", b"x" * 65536),
    "lines without end": forever(b"", b"220-wait\r\n" * 1000),
    "resets at once": breaking(b""),
    "resets in the middle": breaking(HELLO),
    "a handshake that drips": forever(HELLO, b"\0", 0.05),
    "a handshake without end": forever(b"", HUGE),
    "closes at once": breaking(b"\x15\x03\x03\x00\x02\x02\x28"),
}
CASES = [(kind, name, answer) for kind in ("tcp", "tls", "transaction", "prometheus") for name, answer in RAW.items()]
CASES += [(kind, name, HOSTILE[name][0]) for kind in ("transaction", "prometheus") for name in HOSTILE]


@contextmanager
def elsewhere(answer: Answer) -> Iterator[int]:
    """The server in a thread of its own, for some kinds block; yields its port."""
    ready, found = threading.Event(), []

    async def serve() -> None:
        stopping = asyncio.Event()
        async with serving(answer) as port:
            found.append((port, asyncio.get_running_loop(), stopping))
            ready.set()
            await stopping.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    port, loop, stopping = found[0]
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(10)


async def look(kind: str, port: int) -> Reading:
    module = load(kind)
    probe = module.Probe(
        module.Settings.model_validate(KINDS[kind](port)), reach(DEADLINE, url=f"http://127.0.0.1:{port}/metrics")
    )
    try:
        if inspect.iscoroutinefunction(probe.read):
            return await asyncio.wait_for(probe.read(), PATIENCE)
        return await asyncio.wait_for(asyncio.to_thread(probe.read), PATIENCE)
    finally:
        probe.close()


def sockets() -> set[str]:
    gc.collect()  # those of the server, whose loop is gone
    found = set()
    for one in Path("/proc/self/fd").iterdir():
        try:
            where = str(one.readlink())
        except OSError:  # the one that reads this folder
            continue
        if where.startswith("socket:"):
            found.add(where)
    return found


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """What a kind loads at its first look is not counted."""
    with elsewhere(RAW["resets at once"]) as port:
        for kind in KINDS:
            asyncio.run(look(kind, port))


@pytest.mark.parametrize(("kind", "name", "answer"), CASES, ids=[f"{kind}: {name}" for kind, name, _ in CASES])
def test_it_costs_little(kind: str, name: str, answer: Answer) -> None:
    before = sockets()
    with elsewhere(answer) as port:
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        reading = asyncio.run(look(kind, port))
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used) / 1024
    assert reading.problem is not None, reading
    assert reading.problem.fault in {
        Fault.TIMEOUT, Fault.TOO_LARGE, Fault.PROTOCOL, Fault.CONTENT, Fault.TLS, Fault.REFUSED, Fault.UNREACHABLE,
        Fault.MISSING,
    }, reading  # fmt: skip
    assert reading.problem.detail
    assert len(reading.problem.detail) < 1000
    assert grown < 50, f"{grown:.0f} MB"
    assert sockets() <= before, "none is left open"
