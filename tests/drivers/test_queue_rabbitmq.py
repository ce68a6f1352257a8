"""A queue of RabbitMQ: a real one where its package is, and answers that are none.

The real one is started once, for it is slow: about ten seconds, and five more until it counts. What it cannot be made
to say at will (a node that is down, statistics that are off) is said by a double, in the form that 3.10 says it.
"""

import asyncio
import base64
import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any

import pytest

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Reading
from mainstay.drivers.probes import Reach
from mainstay.drivers.probes.queue import Probe, Settings
from tests.drivers.test_http import OK, Answer, endless, one_long_line, says, serving, silent, whole
from tests.servers import free_port, rabbitmq

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))


def look(url: str, timeout: float = 5.0, network: NetworkPolicy = LOOPBACK, **settings: Any) -> Reading:
    given = {"source": "rabbitmq", "queue": "orders", "user": "guest", "password": "guest", **settings}
    reach = Reach(timeout, network, {"url": url}, lambda _key, make: make())
    return Probe(Settings.model_validate(given), reach).read()


def fault(reading: Reading) -> Fault | None:
    return reading.problem.fault if reading.problem else None


def tell(url: str, method: str, path: str, **body: Any) -> None:
    """By the management's own door."""
    account = "Basic " + base64.b64encode(b"guest:guest").decode()
    headers = {"Authorization": account, "Content-Type": "application/json"}
    request = urllib.request.Request(url + path, json.dumps(body).encode(), headers, method=method)
    urllib.request.urlopen(request, timeout=30).close()


def test_a_real_rabbitmq() -> None:
    with rabbitmq() as url:
        tell(url, "PUT", "/api/vhosts/shop%2Feu")
        for path in ("%2F/orders", "%2F/quiet", "shop%2Feu/a%20b%3F"):
            tell(url, "PUT", f"/api/queues/{path}", durable=True)
        for seconds in (90, 30):
            tell(url, "POST", "/api/exchanges/%2F/amq.default/publish", routing_key="orders", payload="x",
                 payload_encoding="string", properties={"timestamp": int(time.time()) - seconds})  # fmt: skip
        early = look(url)
        assert early.problem is None or (fault(early), early.blind) == (Fault.CONTENT, True), "not counted yet"
        for _ in range(200):
            reading, quiet = look(url), look(url, queue="quiet")
            if reading.values.get("depth") == 2 and "depth" in quiet.values:
                break
            time.sleep(0.1)
        assert reading.values == {"depth": 2, "ready": 2, "unacknowledged": 0, "consumers": 0,
                                  "age": pytest.approx(90, abs=60)}  # fmt: skip
        assert (quiet.problem, quiet.values["depth"], quiet.values["age"]) == (None, 0, 0)
        assert fault(look(url, vhost="shop/eu", queue="a b?")) in (None, Fault.CONTENT)
        assert fault(look(url, queue="nothing")) is Fault.MISSING
        assert fault(look(url, vhost="nothing")) is Fault.MISSING
        assert fault(look(url, password="wrong")) is Fault.AUTH


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A server in a loop of its own, as the probe blocks."""
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    ports: list[int] = []

    async def serve() -> None:
        async with serving(answer) as port:
            ports.append(port)
            ready.set()
            await over.wait()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def told(**values: Any) -> Answer:
    return says(whole(json.dumps(values).encode()))


ANSWERS: dict[str, tuple[Answer, Fault | None, dict[str, float]]] = {
    "all of it": (
        told(messages=9, messages_ready=6, messages_unacknowledged=3, consumers=2, state="running"), None,
        {"depth": 9, "ready": 6, "unacknowledged": 3, "consumers": 2},
    ),
    "a node that is down": (told(messages=4, state="down"), Fault.STATUS, {"depth": 4}),
    "statistics that are off": (told(name="orders", type="classic"), Fault.CONTENT, {}),
    "no numbers": (told(messages="9", messages_ready=None, consumers=True), Fault.CONTENT, {}),
    "numbers beyond bounds": (says(whole(b'{"messages": 1%s, "consumers": NaN}' % (b"0" * 400))), Fault.CONTENT, {}),
    "a list": (says(whole(b"[1]")), Fault.PROTOCOL, {}),
    "a page": (says(whole(b"<html>")), Fault.PROTOCOL, {}),
    "nested without end": (says(whole(b"[" * 100_000)), Fault.PROTOCOL, {}),
    "an error": (says(b"HTTP/1.1 503 Oh\r\nContent-Length: 0\r\n\r\n"), Fault.STATUS, {}),
    "no right": (says(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"), Fault.AUTH, {}),
    "elsewhere": (says(b"HTTP/1.1 301 Go\r\nLocation: http://169.254.169.254/\r\n\r\n"), Fault.STATUS, {}),
    "half": (says(OK + b"Content-Length: 100\r\n\r\n{"), Fault.PROTOCOL, {}),
    "a body without end": (endless, Fault.TOO_LARGE, {}),
    "a line without end": (one_long_line, Fault.TOO_LARGE, {}),
    "silence": (silent, Fault.TIMEOUT, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_what_a_management_may_answer(name: str) -> None:
    answer, expected, values = ANSWERS[name]
    with answering(answer) as url:
        reading = look(url, 1.0)
    assert (fault(reading), reading.values) == (expected, values), reading.problem


def test_where_nobody_may_or_can_be_asked() -> None:
    assert fault(look(f"http://127.0.0.1:{free_port()}")) is Fault.REFUSED
    assert fault(look("http://10.1.2.3:15672")) is Fault.DENIED
    assert fault(look("amqp://127.0.0.1")) is Fault.SETUP
    assert fault(look("")) is Fault.SETUP
