"""TCP: who listens, who does not, who says the right thing; begun without a coroutine wherever that is possible."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any

import pytest

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Reading
from mainstay.drivers.probes import Reach, tcp

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"), ip_network("::1/128")))
HOSTS = pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
"""By address a look begins without a coroutine, by name it takes one; both must see the same."""


def probe(port: int, network: NetworkPolicy = LOOPBACK, timeout: float = 2.0, **settings: Any) -> tcp.Probe:
    reach = Reach(timeout, network, {}, lambda _key, make: make())
    return tcp.Probe(tcp.Settings.model_validate({"port": port, **settings}), reach)


async def look(one: tcp.Probe) -> Reading:
    """As the checker does it."""
    future: asyncio.Future[Reading | Exception] = asyncio.get_running_loop().create_future()
    try:
        result = await (future if one.begin(future.set_result) else one.read())
    finally:
        one.close()
    assert isinstance(result, Reading)
    return result


@contextmanager
def listening(backlog: int = 16) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=backlog) as server:
        yield server


def port_of(server: socket.socket) -> int:
    return int(server.getsockname()[1])


@HOSTS
def test_somebody_listens(host: str) -> None:
    with listening() as server:
        found = asyncio.run(look(probe(port_of(server), host=host)))
    assert found.problem is None
    assert found.values.keys() == {"connect"}


@HOSTS
def test_nobody_listens(host: str) -> None:
    with listening() as server:
        port = port_of(server)
    found = asyncio.run(look(probe(port, host=host)))
    assert found.problem is not None
    assert found.problem.fault is Fault.REFUSED
    assert f"{host}:{port}" in found.problem.detail
    assert not found.values


@HOSTS
def test_an_address_outside_the_networks_is_not_touched(host: str) -> None:
    with listening() as server:
        server.settimeout(0.2)
        found = asyncio.run(look(probe(port_of(server), NetworkPolicy(()), host=host)))
        with pytest.raises(TimeoutError):
            server.accept()
    assert found.problem is not None
    assert found.problem.fault is Fault.DENIED


@HOSTS
def test_a_host_that_does_not_answer_costs_its_deadline(host: str) -> None:
    with listening(backlog=0) as server, socket.socket() as first, socket.socket() as second:
        for one in (first, second):  # fill the queue; the next one waits for ever
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        found = asyncio.run(look(probe(port_of(server), host=host, timeout=0.3)))
    assert found.problem is not None
    assert (found.problem.fault, found.problem.detail) == (Fault.TIMEOUT, "no answer within 0.3 s")


def test_a_look_that_is_closed_says_nothing_more() -> None:
    async def story() -> list[Reading | Exception]:
        told: list[Reading | Exception] = []
        with listening() as server:
            one = probe(port_of(server), host="127.0.0.1")
            assert one.begin(told.append)
            one.close()
            await asyncio.sleep(0.1)
        return told

    assert asyncio.run(story()) == []


def test_many_at_once_each_tell_their_own() -> None:
    async def story() -> list[Reading]:
        with listening(backlog=64) as open_door, listening() as shut:
            gone = port_of(shut)
            shut.close()
            ports = [port_of(open_door), gone] * 20
            return await asyncio.gather(*(look(probe(port, host="127.0.0.1")) for port in ports))

    assert [found.problem is None for found in asyncio.run(story())] == [True, False] * 20


@pytest.mark.parametrize(
    ("answer", "fault"), [(b"220 ready\r\n", None), (b"554 go away\r\n", Fault.CONTENT), (b"", Fault.CONTENT)]
)
def test_what_is_said(answer: bytes, fault: Fault | None) -> None:
    async def story() -> Reading:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert await reader.readline() == b"EHLO\n"
            writer.write(answer)
            writer.close()

        async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await look(probe(port, host="127.0.0.1", send="EHLO\n", expect="220"))

    found = asyncio.run(story())
    assert (found.problem and found.problem.fault) == fault


def test_without_a_host() -> None:
    found = asyncio.run(look(probe(80)))
    assert found.blind
    assert found.problem is not None
    assert found.problem.fault is Fault.SETUP
