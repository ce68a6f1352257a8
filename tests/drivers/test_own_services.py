"""Mainstay's own services are never checked, however they were set and however a check spells them."""

import os
import socket
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import psutil
import pytest

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.own_services import own_services

HERE = next(
    one.address
    for name, addresses in psutil.net_if_addrs().items()
    for one in addresses
    if one.family == socket.AF_INET and (name != "lo" or len(psutil.net_if_addrs()) == 1)
)
"""An address of this machine that is seen from outside, if it has one."""
LOOPBACK = ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"]


@pytest.mark.parametrize(
    ("listening", "refused", "allowed"),
    [
        ("127.0.0.1", LOOPBACK, ["192.0.2.9"]),
        ("::1", LOOPBACK, ["192.0.2.9"]),
        ("localhost", LOOPBACK, ["192.0.2.9"]),
        ("0.0.0.0", [*LOOPBACK, HERE], ["192.0.2.9"]),
        ("::", [*LOOPBACK, HERE], ["192.0.2.9"]),
        ("192.0.2.9", ["192.0.2.9", "::ffff:192.0.2.9"], ["127.0.0.1", "192.0.2.8"]),
        ("2001:db8::9", ["2001:db8::9"], ["::1"]),
        ("", LOOPBACK, ["192.0.2.9"]),
        ("/var/run/postgresql", LOOPBACK, ["192.0.2.9"]),
        ("no-such-host.invalid", [], ["127.0.0.1", "192.0.2.9"]),
    ],
)
def test_where_a_service_can_be_reached(listening: str, refused: list[str], allowed: list[str]) -> None:
    everywhere = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    policy = NetworkPolicy(everywhere, own_services([(listening, 8080)]))
    assert [address for address in refused if "Mainstay itself" not in policy.refusal(address, 8080)] == []
    assert [address for address in allowed if policy.refusal(address, 8080)] == []
    assert [address for address in refused if policy.refusal(address, 8081)] == []


def test_the_page_and_the_database_are_own_services(tmp_path: Path) -> None:
    """In a process of its own: settings are read once."""
    (tmp_path / "mainstay.toml").write_text('address = "0.0.0.0"\nport = 8123\n')
    asked = [("127.0.0.1", 8123), ("::1", 8123), ("192.0.2.7", 6543), ("192.0.2.7", 5432), ("127.0.0.1", 5432)]
    program = f"from mainstay.settings import NETWORK\nprint([bool(NETWORK.refusal(*one)) for one in {asked}])"
    environment = os.environ | {
        "MAINSTAY_WORKSPACE": str(tmp_path), "MAINSTAY_DATABASE": "postgresql://m:p@192.0.2.7:6543/mainstay"
    }  # fmt: skip
    for name in ("MAINSTAY_ADDRESS", "MAINSTAY_PORT"):
        environment.pop(name, None)
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[True, True, True, False, False]"
