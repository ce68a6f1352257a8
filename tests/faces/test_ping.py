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


async def status_of(token: str) -> int:
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    scope = {"type": "http", "method": "GET", "path": f"/ping/{token}", "client": ("127.0.0.1", 1)}
    await ping.application(scope, asyncio.Event().wait, send)  # type: ignore[arg-type]  # a GET hears nothing more
    return int(told[0]["status"])


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
