"""Heartbeats in: whoever comes while the tokens are first read is not sent away."""

import asyncio
import time
from typing import Any

import pytest
from django.db import OperationalError

from mainstay.api import ping
from mainstay.monitoring.actions import NewPing

TOKENS = {f"token-{number:04}": number for number in range(50)}


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[NewPing]:
    """A process that has just begun, whose database takes a moment."""
    found: list[NewPing] = []

    def load() -> dict[str, int]:
        time.sleep(0.1)
        return TOKENS

    monkeypatch.setattr(ping, "_pings", ping.Pings())
    monkeypatch.setattr(ping, "_load", load)
    monkeypatch.setattr(ping, "_record", found.extend)
    return found


async def send_all(tokens: list[str]) -> list[int]:
    return list(await asyncio.gather(*(status_of(token) for token in tokens)))


async def status_of(token: str, query: bytes = b"", body: bytes | None = None) -> int:
    """With a body it is posted, in two pieces."""
    told: list[Any] = []
    pieces = [] if body is None else [(body[:5], True), (body[5:], False)]

    async def send(message: Any) -> None:
        told.append(message)

    async def receive() -> Any:
        piece, more = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": more}

    scope = {
        "type": "http", "method": "GET" if body is None else "POST", "path": f"/ping/{token}", "query_string": query,
        "client": ("192.0.2.7", 1),
    }  # fmt: skip
    await ping.application(scope, receive, send)
    return int(told[0]["status"])


@pytest.mark.parametrize(
    ("path", "kind", "code"),
    [
        ("token-0007", "success", None), ("token-0007/", "success", None), ("token-0007/start", "start", None),
        ("token-0007/fail", "fail", None), ("token-0007/log", "log", None), ("token-0007/0", "success", 0),
        ("token-0007/3", "fail", 3), ("token-0007/255", "fail", 255),
    ],
)  # fmt: skip
def test_what_a_job_says_of_itself(kept: list[NewPing], path: str, kind: str, code: int | None) -> None:
    told = "3 files\0, ünd so weiter".encode()
    assert asyncio.run(status_of(path, b"rid=run-5&x=1", told)) == 200
    (one,) = kept
    assert (one.check_id, one.kind, one.exit_code, one.run) == (7, kind, code, "run-5")
    assert (one.body, one.source) == ("3 files, ünd so weiter", "192.0.2.7")


@pytest.mark.parametrize("path", ["token-0007/maybe", "token-0007/1000", "token-0007/start/2", "short"])
def test_what_is_no_heartbeat(kept: list[NewPing], path: str) -> None:
    assert asyncio.run(status_of(path)) == 404
    assert kept == []


def test_a_body_has_an_end(kept: list[NewPing]) -> None:
    assert asyncio.run(status_of("token-0007", body=b"x" * 50_000)) == 200
    assert len(kept[0].body) == ping.BODY


def test_the_first_of_all_come_together(kept: list[NewPing]) -> None:
    assert asyncio.run(send_all([*TOKENS, "not-a-token"])) == [200] * len(TOKENS) + [404]
    assert sorted(one.check_id for one in kept) == sorted(TOKENS.values())


def test_a_database_that_is_away_is_no_unknown_token(kept: list[NewPing], monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> dict[str, int]:
        raise OperationalError("away")

    with monkeypatch.context() as broken:
        broken.setattr(ping, "_load", away)
        assert asyncio.run(send_all(["token-0001", "token-0002"])) == [503, 503]
    assert asyncio.run(send_all(["token-0001"])) == [200]
    assert [one.check_id for one in kept] == [1]
