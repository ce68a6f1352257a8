"""A transaction as a user does it: what one step saves the next may use, and a session is closed whatever happened."""

import asyncio
import base64
import json
from typing import Any

import pytest

from mainstay.domain.reading import Fault, Reading
from mainstay.drivers.probes.transaction import Settings
from tests.drivers.test_http import look, reach, serving

SESSION = base64.b64encode(b"ann:7:s3cret").decode()
STEPS: list[dict[str, Any]] = [
    {"name": "login", "path": "/login", "rpc": {"method": "login", "params": ["{login}", {"password": "{word}"}]},
     "save": {"user": "$.result[0]", "key": "$.result[1]"}},
    {"name": "order", "path": "/orders/{user}", "headers": {"Authorization": "Session {b64:login:user:key}"},
     "expect": {"$.order.state": "open"}},
    {"name": "logout", "path": "/logout", "method": "POST", "body": "key={key}", "always": True},
]  # fmt: skip
VALUES = {"login": "ann", "word": "secret"}


class Shop:
    """Answers as a JSON-RPC service would, and keeps what it was asked: method, path, session, body."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, str]] = []
        self.login: Any = {"result": [7, "s3cret"]}
        self.order: Any = {"order": {"state": "open"}}
        self.cookies: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := (await reader.readuntil(b"\r\n\r\n")).decode():
            lines = head.split("\r\n")
            method, path, _ = lines[0].split()
            told = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            body = (await reader.readexactly(int(told.get("content-length", 0)))).decode()
            self.asked.append((method, path, told.get("authorization", ""), body))
            self.cookies.append(told.get("cookie", ""))
            answer = json.dumps(self.login if path == "/login" else self.order).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: basket=5; Path=/\r\nContent-Length: %d\r\n\r\n" % len(answer))
            writer.write(answer)
            await writer.drain()

    def visited(self, steps: list[dict[str, Any]] = STEPS, **values: str) -> Reading:
        async def run() -> Reading:
            async with serving(self) as port:
                to = reach(5.0, url=f"http://127.0.0.1:{port}/")
                return await look("transaction", to, steps=steps, values=VALUES | values)

        return asyncio.run(run())


def test_what_is_saved_is_used() -> None:
    shop = Shop()
    found = shop.visited()
    assert found.problem is None
    assert found.values.keys() == {"login", "order", "logout", "total"}
    called = json.loads(shop.asked[0][3])
    assert (called["method"], called["params"]) == ("login", ["ann", {"password": "secret"}])
    assert shop.asked[1:] == [("GET", "/orders/7", f"Session {SESSION}", ""), ("POST", "/logout", "", "key=s3cret")]
    assert shop.cookies == ["", "basket=5", "basket=5"]


@pytest.mark.parametrize(
    ("changed", "fault", "said"),
    [
        (
            {"order": {"order": {"state": "lost"}}},
            Fault.CONTENT,
            "step order: $.order.state is 'lost', expected 'open'",
        ),
        ({"order": [1, 2]}, Fault.CONTENT, "step order: $.order.state is None"),
    ],
)
def test_a_session_is_closed_whatever_happened(changed: dict[str, Any], fault: Fault, said: str) -> None:
    shop = Shop()
    vars(shop).update(changed)
    found = shop.visited()
    assert found.problem is not None
    assert found.problem.fault is fault
    assert found.problem.detail.startswith(said)
    assert [path for _, path, _, _ in shop.asked] == ["/login", "/orders/7", "/logout"]
    assert found.values == {}


@pytest.mark.parametrize(
    ("login", "said"),
    [
        (
            {"id": 1, "error": ["UserError", "the account is locked"]},
            "the call was refused: ['UserError', 'the account",
        ),
        ({"result": None}, "the answer has nothing at $.result[0]"),
        ({"result": [{"id": 7}, "x"]}, "$.result[0] is {'id': 7}, not one text or number"),
    ],
)
def test_a_refused_call_is_a_failure_whatever_the_status_says(login: Any, said: str) -> None:
    shop = Shop()
    shop.login = login
    found = shop.visited()
    assert found.problem is not None
    assert found.problem.fault is Fault.CONTENT
    assert found.problem.detail.startswith(f"step login: {said}")
    assert [path for _, path, _, _ in shop.asked] == ["/login"], "what closes a session needs one"


def test_a_hole_that_nobody_fills() -> None:
    found = Shop().visited([{"name": "order", "path": "/orders/{user}"}])
    assert found.problem is not None
    assert (found.problem.fault, found.problem.detail) == (
        Fault.SETUP, "step order: {user} was saved by no step before",
    )  # fmt: skip


def test_paths_are_read_beforehand() -> None:
    with pytest.raises(ValueError, match="is not a path"):
        Settings.model_validate({"steps": [{"name": "a", "save": {"b": "result"}}]})
