"""Heartbeats in: ``/ping/<token>``, also ``/start``, ``/fail``, ``/log`` and ``/<exit code>``.

A bare ASGI application beside Django: a ping costs a look into a dictionary and its share of a commit. Pings that came
within PAUSE are written in one transaction, and each sender is answered only after that: what was answered 200 is in
the database.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from asgiref.sync import sync_to_async
from django.db import DatabaseError, close_old_connections

from mainstay.monitoring.actions import NewPing, record_pings
from mainstay.monitoring.queries import ping_tokens

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PAUSE = 0.05
BODY = 10_000
PATIENCE = 10.0
"""Seconds a sender may take for its body."""
REFRESH = 5.0
"""Seconds after which an unknown token is looked for in the database again, and at most so often."""

_PATH = re.compile(r"/ping/([A-Za-z0-9_-]{8,64})(?:/(start|fail|log|\d{1,3}))?/?")


class Pings:
    """Waiting pings and known tokens; one of a process."""

    def __init__(self) -> None:
        self._tokens: dict[str, int] = {}
        self._loaded = float("-inf")
        self._loading: asyncio.Task[None] | None = None
        self._waiting: list[tuple[NewPing, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def check_of(self, token: str) -> int | None:
        """The check that a token belongs to. All who come while tokens are being read wait for that one reading.
        Raises DatabaseError."""
        if token not in self._tokens:
            if self._loading is None and time.monotonic() - self._loaded > REFRESH:
                self._loading = asyncio.create_task(self._load())
            if self._loading is not None:
                await asyncio.shield(self._loading)  # a sender that hangs up takes it from nobody
        return self._tokens.get(token)

    async def _load(self) -> None:
        try:
            self._tokens = await sync_to_async(_load)()
            self._loaded = time.monotonic()
        finally:
            self._loading = None

    async def keep(self, ping: NewPing) -> None:
        """Returns once the ping is in the database. Raises DatabaseError."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((ping, done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await done

    async def _write(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(PAUSE)
                taken, self._waiting = self._waiting, []
                try:
                    await sync_to_async(_record)([ping for ping, _ in taken])
                except Exception as error:
                    _finish(taken, error)
                else:
                    _finish(taken, None)
        finally:
            self._writer = None


def _load() -> dict[str, int]:
    close_old_connections()
    return ping_tokens()


def _record(pings: list[NewPing]) -> None:
    close_old_connections()
    record_pings(pings)


def _finish(taken: list[tuple[NewPing, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, done in taken:
        if done.done():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)


_pings = Pings()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI."""
    found = _PATH.fullmatch(scope["path"])
    if scope["method"] not in ("GET", "POST", "HEAD"):
        return await _answer(send, 405, "GET, HEAD or POST")
    try:
        check_id = await _pings.check_of(found[1]) if found else None
        if found is None or check_id is None:
            return await _answer(send, 404, "no such heartbeat")
        body = await asyncio.wait_for(_body(receive), PATIENCE) if scope["method"] == "POST" else ""
        await _pings.keep(_ping(scope, check_id, found[2] or "", body))
    except TimeoutError:
        return await _answer(send, 408, "the body did not come")
    except DatabaseError:
        return await _answer(send, 503, "try again")
    return await _answer(send, 200, "ok")


def _ping(scope: Scope, check_id: int, word: str, body: str) -> NewPing:
    code = int(word) if word.isdecimal() else None
    kind = word if word in ("start", "fail", "log") else "fail" if code else "success"
    run = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("rid", [""])[0][:36]
    client = scope.get("client")
    return NewPing(
        check_id=check_id, at=datetime.now(UTC), kind=kind, exit_code=code, run=run, body=body,
        source=client[0] if client else None,
    )  # fmt: skip


async def _body(receive: Receive) -> str:
    """The first bytes; the rest is read and thrown away by the server."""
    data = b""
    while True:
        message = await receive()
        data += message.get("body", b"")[: BODY - len(data)]
        if message["type"] == "http.disconnect" or not message.get("more_body") or len(data) >= BODY:
            return bytes(data).decode("utf-8", "replace").replace("\0", "")


async def _answer(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
