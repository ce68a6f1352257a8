"""The door in front of the ERP: plain and TLS, with a delay and a certificate that can be changed.

A process of its own. It re-reads `control/front.json` twice a second:
`{"delay": seconds before each request is passed on, "certificate": "healthy" | "expiring"}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
import sys
from pathlib import Path
from typing import Any

from estate.layout import Layout, read_json

CHUNK = 65536
BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: 25\r\n"
    b"Connection: close\r\n\r\nThe ERP does not answer.\n"
)


class Front:
    def __init__(self, layout: Layout, upstream: int) -> None:
        self.layout = layout
        self.upstream = upstream
        self.delay = 0.0
        self.certificate = ""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.apply(read_json(self.layout.control / "front.json"))

    def apply(self, wish: dict[str, Any]) -> None:
        """New connections see the new certificate; open ones keep theirs."""
        self.delay = float(wish.get("delay", 0.0))
        certificate = str(wish.get("certificate", "healthy"))
        if certificate != self.certificate:
            self.context.load_cert_chain(self.layout.tls / f"{certificate}.pem")
            self.certificate = certificate

    async def follow_wishes(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            with contextlib.suppress(ValueError, OSError):
                self.apply(read_json(self.layout.control / "front.json"))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            await refuse(reader, writer)
            return
        turn = Turn()
        await asyncio.gather(self.carry_requests(reader, up_writer, turn), carry_answers(up_reader, writer, turn))

    async def carry_requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, turn: Turn) -> None:
        """Pass bytes on; wait once before the first bytes of each request."""
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                if turn.new_request:
                    turn.new_request = False
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
        await close(writer)


class Turn:
    """Whose turn it is on one connection: an answer ends the request before it."""

    new_request = True


async def carry_answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, turn: Turn) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            turn.new_request = True
            writer.write(data)
            await writer.drain()
    await close(writer)


async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer 502, but hear the caller out: closing on unread bytes would reset the connection."""
    with contextlib.suppress(OSError, TimeoutError):
        await asyncio.wait_for(reader.read(CHUNK), 5)
        writer.write(BAD_GATEWAY)
        await writer.drain()
        await asyncio.wait_for(reader.read(CHUNK), 0.5)
    await close(writer)


async def close(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        await writer.drain()
        writer.close()
        await writer.wait_closed()


async def main(root: str, upstream: str, port: str, tls_port: str) -> None:
    front = Front(Layout(Path(root)), int(upstream))
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with (
        await asyncio.start_server(front.serve, "127.0.0.1", int(port)),
        await asyncio.start_server(front.serve, "127.0.0.1", int(tls_port), ssl=front.context),
    ):
        following = asyncio.create_task(front.follow_wishes())
        await stop.wait()
        following.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
