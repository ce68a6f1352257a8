"""A host seen from inside, over SSH and by its node_exporter: the same words for the same things."""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Reading
from mainstay.drivers import scratch_disk
from mainstay.drivers.probes import Reach
from mainstay.drivers.probes.host import METRICS, Probe, Settings
from tests.servers import SSH, chrony, node_exporter, ssh

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))
ALWAYS = {"memory", "swap", "load", "disk", "inodes", "uptime"}
RATES = {"cpu", "cpu_wait", "disk_busy", "disk_read", "disk_write", "network_in", "network_out", "network_errors"}


def looks(address: str = "local", timeout: float = 10.0, **settings: Any) -> tuple[Reading, Reading]:
    probe = Probe(Settings(**settings), Reach(timeout, LOOPBACK, {"address": address}, lambda _key, make: make()))

    async def two() -> tuple[Reading, Reading]:
        first = await probe.read()
        await asyncio.sleep(0.3)
        return first, await probe.read()

    return asyncio.run(two())


@pytest.fixture(scope="module")
def door() -> Iterator[SSH]:
    with ssh() as found:
        yield found


def by_ssh(door: SSH, **changed: Any) -> dict[str, Any]:
    return {"user": door.user, "key_file": str(door.key_file), "host_key": door.host_key, "port": door.port, **changed}


def test_this_host() -> None:
    first, second = looks()
    assert first.values.keys() == ALWAYS | {"processes"}
    assert second.values.keys() == ALWAYS | RATES | {"processes"}
    assert second.values.keys() <= METRICS.keys()
    assert second.rows[0].keys() == {"mount", "used", "free", "percent"}


def test_the_room_of_a_proof_is_no_disk(door: SSH, tmp_path: Path) -> None:
    if not scratch_disk.begin(tmp_path, 20_000_000):
        pytest.skip("only root can mount, and not in every container")
    try:
        for reading in (looks()[0], looks("127.0.0.1", **by_ssh(door))[0]):
            assert reading.rows
            assert str(tmp_path) not in {row["mount"] for row in reading.rows}
    finally:
        scratch_disk.end(tmp_path)


def test_the_component_may_say_how_to_sign_in(door: SSH) -> None:
    component = {"address": "127.0.0.1", **by_ssh(door)}
    probe = Probe(Settings(), Reach(10.0, LOOPBACK, component, lambda _key, make: make()))
    assert "clock_offset" in asyncio.run(probe.read()).values, "which is of another host's clock"


def test_over_ssh_it_is_the_same(door: SSH) -> None:
    inside, outside = looks()[1], looks("127.0.0.1", **by_ssh(door))[1]
    assert outside.problem is None, outside
    assert outside.values.keys() >= ALWAYS | RATES | {"processes", "clock_offset"}
    for name in ("memory", "inodes", "uptime"):
        assert outside.values[name] == pytest.approx(inside.values[name], rel=0.2, abs=5), name
    assert abs(outside.values["clock_offset"]) < 5, "it is the same clock"


@pytest.mark.parametrize(
    ("changed", "fault", "said"),
    [
        ({"host_key": ""}, Fault.PROTOCOL, "ssh-keyscan"),
        ({"host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGsgcxmu6sj6DRHKwCJ1TVzCkS1UPMkxrJ7fEj2YpBqx"}, Fault.TLS,
         "another host key"),
        ({"user": "nobody-here"}, Fault.AUTH, "refused"),
        ({"port": 1}, Fault.REFUSED, ""),
    ],
)  # fmt: skip
def test_what_ssh_refuses_is_told(door: SSH, changed: dict[str, Any], fault: Fault, said: str) -> None:
    found = looks("127.0.0.1", **by_ssh(door, **changed))[0]
    assert found.problem is not None
    assert found.problem.fault is fault, found
    assert said in found.problem.detail


def test_by_its_exporter_it_is_the_same() -> None:
    with node_exporter() as url:
        found = looks("127.0.0.1", exporter=url)[1]
    inside = looks()[1]
    assert found.problem is None, found
    assert found.values.keys() >= ALWAYS | RATES
    assert "processes" not in found.values, "its page has no count of them"
    for name in ("memory", "disk", "inodes", "uptime"):
        assert found.values[name] == pytest.approx(inside.values[name], rel=0.2, abs=5), name


def test_a_time_server_tells_how_the_clock_is() -> None:
    with chrony() as server:
        found = looks(ntp=server)[0]
        deadline = time.monotonic() + 10
        while found.problem is not None and time.monotonic() < deadline:  # it takes a moment until it trusts itself
            found = looks(ntp=server)[0]
    assert found.problem is None, found
    assert abs(found.values["clock_offset"]) < 1


@pytest.fixture
def wrong_clock() -> Iterator[tuple[str, dict[str, int]]]:
    """Answers as a server whose clock is an hour ahead would; no real one can be made to."""
    says = {"ahead": 3600, "stratum": 2, "leap": 0}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    asked, where = sock.recvfrom(512)
                except TimeoutError:
                    continue
                now = struct.pack("!II", int(time.time()) + 2_208_988_800 + says["ahead"], 0)
                head = struct.pack("!BBbb", says["leap"] << 6 | 0x24, says["stratum"], 0, 0) + bytes(12)
                sock.sendto(b"junk", where)
                sock.sendto(head + bytes(8) + bytes(8) + now + now, where)  # an answer to nobody's question
                sock.sendto(head + bytes(8) + asked[40:48] + now + now, where)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{sock.getsockname()[1]}", says
        over.set()
        thread.join()


def test_a_clock_that_is_slow_is_seen(wrong_clock: tuple[str, dict[str, int]]) -> None:
    assert looks(ntp=wrong_clock[0])[0].values["clock_offset"] == pytest.approx(-3600, abs=2)


@pytest.mark.parametrize("says", [{"stratum": 0}, {"stratum": 16}, {"leap": 3}])
def test_a_server_that_knows_no_time_is_not_believed(
    wrong_clock: tuple[str, dict[str, int]], says: dict[str, int]
) -> None:
    wrong_clock[1].update(says)
    problem = looks(ntp=wrong_clock[0])[0].problem
    assert problem is not None
    assert problem.fault is Fault.CONTENT


def test_nobody_answers() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        problem = looks(ntp=f"127.0.0.1:{silent.getsockname()[1]}", timeout=0.5)[0].problem
    assert problem is not None
    assert problem.fault is Fault.TIMEOUT
