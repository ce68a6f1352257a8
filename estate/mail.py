"""Catches all mail of the estate: SMTP in, a page and a JSON list out. A process of its own.

GET / is a page, GET /messages.json the list (newest first), POST /clear forgets everything.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import email
import email.policy
import html
import json
import signal
import sys
from collections import deque
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

KEPT = 500


class Box:
    """The last few hundred messages, in memory."""

    def __init__(self) -> None:
        self.messages: deque[dict[str, Any]] = deque(maxlen=KEPT)

    async def handle_DATA(self, server: SMTP, session: object, envelope: Envelope) -> str:  # noqa: ARG002, N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = email.message_from_bytes(content, policy=email.policy.default)
        body = message.get_body(("plain", "html"))
        self.messages.appendleft(
            {
                "received_at": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
                "from": envelope.mail_from,
                "to": list(envelope.rcpt_tos),
                "subject": str(message["subject"] or ""),
                "headers": {name: str(value) for name, value in message.items()},
                "body": body.get_content() if body else "",
            }
        )
        return "250 Message accepted for delivery"


def page(box: Box) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(m['received_at'][:19])}<td>{html.escape(', '.join(m['to']))}"
        f"<td><details><summary>{html.escape(m['subject'])}</summary>"
        f"<pre>{html.escape(m['body'])}</pre></details>"
        for m in box.messages
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Caught mail</title>"
        "<style>body{font:15px sans-serif;margin:2rem}td{padding:.2rem .8rem;vertical-align:top}</style>"
        f"<h1>Caught mail ({len(box.messages)})</h1><table>{rows}</table></html>"
    )


def respond(box: Box, method: str, path: str) -> tuple[str, str, str]:
    """Status, content type and text for one request."""
    if (method, path) == ("GET", "/"):
        return "200 OK", "text/html", page(box)
    if (method, path) == ("GET", "/messages.json"):
        return "200 OK", "application/json", json.dumps(list(box.messages), ensure_ascii=False)
    if (method, path) == ("POST", "/clear"):
        box.messages.clear()
        return "200 OK", "application/json", "[]"
    return "404 Not Found", "text/plain", "There is no such page.\n"


async def answer(box: Box, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        method, path, *_ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        status, kind, text = respond(box, method, path)
        body = text.encode()
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        await writer.drain()
    writer.close()


async def main(smtp_port: str, web_port: str) -> None:
    box, stop, loop = Box(), asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    smtp = await loop.create_server(
        lambda: SMTP(box, hostname="mail.lindenhafen.example", enable_SMTPUTF8=True, loop=loop),
        "127.0.0.1",
        int(smtp_port),
    )
    web = await asyncio.start_server(lambda r, w: answer(box, r, w), "127.0.0.1", int(web_port))
    async with smtp, web:
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
