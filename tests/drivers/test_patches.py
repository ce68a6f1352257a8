"""This very machine's apt, from inside and over SSH; and hosts that have none, or know nothing."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Reading
from mainstay.drivers.probes import Reach, patches
from mainstay.drivers.probes.patches import METRICS, Probe, Settings
from tests.servers import SSH, ssh

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))
APT = pytest.mark.skipif(shutil.which("apt-get") is None, reason="no apt-get on this machine")


def look(address: str = "local", timeout: float = 60.0, **settings: Any) -> Reading:
    probe = Probe(Settings(**settings), Reach(timeout, LOOPBACK, {"address": address}, lambda _key, make: make()))
    return asyncio.run(probe.read())


@pytest.fixture(scope="module")
def door() -> Iterator[SSH]:
    with ssh() as found:
        yield found


@APT
def test_this_machine_says_what_apt_list_says() -> None:
    found = look()
    listed = subprocess.run(
        ["apt", "list", "--upgradable"],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    upgradable = {line.split("/")[0] for line in listed.splitlines() if "[upgradable from:" in line}
    if found.problem is not None:
        assert found.problem.fault is Fault.MISSING, found
        assert "apt-get update" in found.problem.detail
        return
    assert found.values.keys() <= METRICS.keys()
    assert 0 <= found.values["security"] <= found.values["pending"]
    assert {str(row["package"]) for row in found.rows} <= upgradable
    assert found.values["pending"] <= len(upgradable), "what is held back is not pending"


@APT
def test_over_ssh_it_is_the_same(door: SSH) -> None:
    inside = look()
    outside = look("127.0.0.1", user=door.user, key_file=str(door.key_file), host_key=door.host_key, port=door.port)
    assert (outside.problem, outside.rows) == (inside.problem, inside.rows)
    for name in ("security", "pending", "restart"):
        assert outside.values.get(name) == inside.values.get(name)


@pytest.mark.parametrize(
    ("changed", "fault", "said"),
    [
        ({"host_key": ""}, Fault.PROTOCOL, "ssh-keyscan"),
        ({"user": "nobody-here"}, Fault.AUTH, "refused"),
        ({"port": 1}, Fault.REFUSED, ""),
    ],
)
def test_what_ssh_refuses_is_told(door: SSH, changed: dict[str, Any], fault: Fault, said: str) -> None:
    given = {"user": door.user, "key_file": str(door.key_file), "host_key": door.host_key, "port": door.port}
    found = look("127.0.0.1", **{**given, **changed})
    assert found.problem is not None
    assert found.problem.fault is fault
    assert said in found.problem.detail


def test_a_machine_without_apt_is_not_green(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "_ENVIRONMENT", {"PATH": "/nowhere"})
    found = look()
    assert found.problem is not None
    assert (found.problem.fault, found.blind) == (Fault.SETUP, True)


@APT
def test_a_machine_without_lists_is_not_green(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "LISTS", "/nowhere")
    found = look()
    assert found.problem is not None
    assert (found.problem.fault, found.blind) == (Fault.MISSING, True)


@APT
def test_the_deadline_ends_apt_too() -> None:
    found = look(timeout=0.01)
    assert found.problem is not None
    assert (found.problem.fault, found.blind) == (Fault.TIMEOUT, True)
