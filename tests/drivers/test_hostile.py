"""Servers that mean harm: a look ends soon after its deadline, in little memory, with a sentence, and leaves no socket
open. DNS, SMTP and RabbitMQ have tables of their own; Redis' is measured by the same looker."""

import asyncio
import itertools
import socket
import struct
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from mainstay.domain.reading import Fault
from tests.drivers.looker import Looker
from tests.drivers.test_http import (
    OK,
    Answer,
    dripping_body,
    dripping_headers,
    endless,
    many_headers,
    one_long_line,
    says,
    serving,
    silent,
    whole,
)

DEADLINE = 0.5
LONGER = 3.0
"""Where the answer itself takes some work to send and to read."""
KINDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "tcp": lambda port: {"host": "127.0.0.1", "port": port, "send": "HELO\r\n\r\n", "expect": "220 ready"},
    "tls": lambda port: {"host": "127.0.0.1", "port": port},
    "transaction": lambda port: {"steps": [
        {"name": "login", "url": f"http://127.0.0.1:{port}/", "save": {"key": "$.key"}},
        {"name": "order", "url": f"http://127.0.0.1:{port}/{{key}}"},
        {"name": "logout", "url": f"http://127.0.0.1:{port}/", "always": True},
    ]},
    "prometheus": lambda port: {"metrics": {"a": "max(a)"}},
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


async def bomb(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Gigabytes of nothing, packed to a thousandth."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK + b"Content-Encoding: gzip\r\n\r\n")
    packing, nothing = zlib.compressobj(wbits=31), bytes(1 << 20)
    while True:
        writer.write(packing.compress(nothing) + packing.flush(zlib.Z_SYNC_FLUSH))
        await writer.drain()


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
HTTP: dict[str, tuple[Answer, dict[str, Any], set[Fault]]] = {
    "endless body": (endless, {}, {Fault.TOO_LARGE}),
    "slow drip of the body": (dripping_body, {}, {Fault.TIMEOUT}),
    "slow drip of the headers": (dripping_headers, {}, {Fault.TIMEOUT}),
    "ten million headers": (many_headers, {}, {Fault.TOO_LARGE, Fault.PROTOCOL, Fault.TIMEOUT}),
    "a line without end": (one_long_line, {}, {Fault.TOO_LARGE, Fault.PROTOCOL}),
    "says nothing": (silent, {}, {Fault.TIMEOUT}),
    "a packed bomb": (bomb, {"contains": "x"}, {Fault.TOO_LARGE}),
    "JSON nested a hundred thousand times": (
        says(whole(b'{"a":' * 100_000)), {"json": {"$.a": 1}}, {Fault.CONTENT, Fault.PROTOCOL},
    ),
    "JSON nested as deep as can be read": (
        says(whole(b'{"a":' + b"[" * 900 + b"]" * 900 + b"}")), {"json": {"$.a": 1}}, {Fault.CONTENT},
    ),
    "JSON of a million things": (
        says(whole(b"[" + b"{}," * 1_300_000 + b"{}]")), {"json": {"$.a": 1}}, {Fault.TOO_LARGE},
    ),
    "JSON of as many things as are read": (
        says(whole(b"[" + b"{}," * 340_000 + b"{}]")), {"json": {"$.a": 1}}, {Fault.CONTENT},
    ),
}  # fmt: skip
PAGES: dict[str, tuple[bytes, float, set[str]]] = {
    "all of it wanted": (b'a{b="c"} 5\n' * 200_000, LONGER, {Fault.TOO_LARGE}),
    "as much wanted as is read": (b"".join(b'a{b="%d",c=""} 5\n' % number for number in range(20_000)), LONGER, {""}),
    "as many labels as are read": (
        b"".join(b"a{%b} %d\n" % (b",".join(b'b%d=""' % one for one in range(6_000)), line) for line in range(35)),
        DEADLINE,
        {Fault.TIMEOUT},
    ),
    "a line without end": (b"a{b=" + b"x" * 20_000_000, LONGER, {Fault.TOO_LARGE}),
    "no text": (b"\xf0\x9f\x98\x80" * 5_000_000, LONGER, {Fault.TOO_LARGE, Fault.MISSING}),
}
CASES = [(kind, name, answer) for kind in KINDS for name, answer in RAW.items()]
CASES += [(kind, name, HTTP[name][0]) for kind in ("transaction", "prometheus") for name in HTTP]

Serving = Callable[[], AbstractAsyncContextManager[int]]


@contextmanager
def elsewhere(server: Serving) -> Iterator[int]:
    """The server in a thread of its own; yields its port."""
    ready, found = threading.Event(), []

    async def serve() -> None:
        stopping = asyncio.Event()
        async with server() as port:
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


@pytest.mark.parametrize(("kind", "name", "answer"), CASES, ids=[f"{kind}: {name}" for kind, name, _ in CASES])
def test_it_costs_little(kind: str, name: str, answer: Answer, looker: Looker) -> None:
    with elsewhere(lambda: serving(answer)) as port:
        seen = looker.look(kind, DEADLINE, KINDS[kind](port), url=f"http://127.0.0.1:{port}/metrics")
    assert seen.fault in {
        Fault.TIMEOUT, Fault.TOO_LARGE, Fault.PROTOCOL, Fault.CONTENT, Fault.TLS, Fault.REFUSED, Fault.UNREACHABLE,
        Fault.MISSING,
    }, seen  # fmt: skip
    assert seen.detail
    assert not seen.blind
    seen.cost_little(DEADLINE)


@pytest.mark.parametrize("name", HTTP)
def test_a_web_server(name: str, looker: Looker) -> None:
    answer, settings, faults = HTTP[name]
    with elsewhere(lambda: serving(answer)) as port:
        seen = looker.look("http", LONGER if "JSON" in name else DEADLINE, settings, url=f"http://127.0.0.1:{port}/")
    assert seen.fault in faults, seen
    seen.cost_little(LONGER if "JSON" in name else DEADLINE)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_metrics(name: str, looker: Looker) -> None:
    page, deadline, faults = PAGES[name]
    with elsewhere(lambda: serving(says(whole(page)))) as port:
        seen = looker.look("prometheus", deadline, KINDS["prometheus"](port), url=f"http://127.0.0.1:{port}/metrics")
    assert seen.fault in faults, seen
    seen.cost_little(deadline)


def test_a_prometheus_server(looker: Looker) -> None:
    answer = says(whole(b'{"data": {"resultType": "vector", "result": [' + b"{}," * 340_000 + b"{}]}}"))
    with elsewhere(lambda: serving(answer)) as port:
        seen = looker.look("prometheus", LONGER, {"queries": {"a": "a"}}, url=f"http://127.0.0.1:{port}/")
    assert seen.fault == Fault.PROTOCOL, seen
    seen.cost_little(LONGER)


@pytest.mark.parametrize(
    ("kind", "piece", "fault"),
    [
        ("host", b"x" * 65_536, Fault.TOO_LARGE),
        ("patches", b"x" * 65_536, Fault.TOO_LARGE),
        ("host", b"", Fault.TIMEOUT),
    ],
)
def test_a_host(kind: str, piece: bytes, fault: Fault, looker: Looker, tmp_path: Path) -> None:
    """Its command prints without end, or never ends."""
    own, host = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    own.write_private_key(tmp_path / "id")

    async def talk(process: "asyncssh.SSHServerProcess[bytes]") -> None:
        while True:
            process.stdout.write(piece)
            process.stderr.write(piece)
            await process.stdout.drain()
            await asyncio.sleep(0 if piece else 0.05)

    class Door(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return False

    @asynccontextmanager
    async def server() -> AsyncIterator[int]:
        async with asyncssh.listen(
            "127.0.0.1", 0, server_factory=Door, server_host_keys=[host], process_factory=talk, encoding=None
        ) as listening:
            yield listening.get_port()

    with elsewhere(server) as port:
        settings = {
            "user": "a", "key_file": str(tmp_path / "id"), "port": port,
            "host_key": host.export_public_key().decode().strip(),
        }  # fmt: skip
        seen = looker.look(kind, 2.0, settings, address="127.0.0.1")
    assert seen.fault == fault, seen
    seen.cost_little(2.0)


def greeting(begins: bytes, piece: Callable[[int], bytes]) -> Answer:
    """A PostgreSQL that waits for the client's first word, and then tells of itself."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(begins)
        for number in itertools.count(0, 100):
            writer.write(b"".join(piece(one) for one in range(number, number + 100)))
            await writer.drain()

    return answer


def _status(number: int) -> bytes:
    text = b"n%d\0%b\0" % (number, b"x" * 100)
    return b"S" + struct.pack("!I", len(text) + 4) + text


LET_IN = b"R" + struct.pack("!II", 8, 0)
DATABASES: dict[str, tuple[str, Answer, set[Fault]]] = {
    "settings without end": ("postgresql", greeting(LET_IN, _status), {Fault.TOO_LARGE}),
    "a slow drip of settings": ("postgresql", forever(LET_IN, _status(1), 0.05), {Fault.TIMEOUT}),
    "an error of a gigabyte": (
        "postgresql", greeting(b"E" + struct.pack("!I", 1 << 30), lambda _: b"x" * 9999),
        {Fault.TOO_LARGE, Fault.REFUSED},
    ),
    "says nothing": ("postgresql", silent, {Fault.TIMEOUT}),
    "a greeting without end": ("mariadb", forever(b"\xff\xff\xff\0", bytes(65_536)), {Fault.TOO_LARGE}),
    "a slow drip of a greeting": ("mariadb", forever(b"\xff\xff\0\0", b"\x0a", 0.05), {Fault.TIMEOUT}),
    "nothing to say": ("mariadb", silent, {Fault.TIMEOUT}),
}  # fmt: skip


@pytest.mark.parametrize("name", DATABASES)
def test_a_database(name: str, looker: Looker) -> None:
    kind, answer, faults = DATABASES[name]
    with elsewhere(lambda: serving(answer)) as port:
        seen = looker.look(kind, 1.0, {}, dsn=f"{kind}://a:b@127.0.0.1:{port}/c?sslmode=disable")
    assert seen.fault in faults, seen
    seen.cost_little(1.0)
