"""Which addresses a check may touch, however they are written."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.network import LOOPBACK, NetworkPolicy, Service

EVERYWHERE = NetworkPolicy(
    (ip_network("0.0.0.0/0"), ip_network("::/0")), tuple(Service(network, 8080) for network in LOOPBACK)
)
OFFICE = NetworkPolicy((ip_network("10.0.0.0/8"),))


@pytest.mark.parametrize(
    ("policy", "address", "port", "refused"),
    [
        (EVERYWHERE, "93.184.216.34", 80, ""),
        (EVERYWHERE, "169.254.169.254", 80, "metadata"),
        (EVERYWHERE, "::ffff:169.254.169.254", 80, "metadata"),
        (EVERYWHERE, "64:ff9b::a9fe:a9fe", 80, "metadata"),
        (EVERYWHERE, "2002:a9fe:a9fe::", 80, "metadata"),
        (EVERYWHERE, "::169.254.169.254", 80, "metadata"),
        (EVERYWHERE, "fd00:ec2::254", 80, "metadata"),
        (EVERYWHERE, "100.100.100.200", 80, "metadata"),
        (EVERYWHERE, "fe80::1%eth0", 80, "link-local"),
        (EVERYWHERE, "224.0.0.1", 80, "one host"),
        (EVERYWHERE, "255.255.255.255", 80, "one host"),
        (EVERYWHERE, "0.0.0.0", 80, "one host"),
        (EVERYWHERE, "::", 80, "one host"),
        (EVERYWHERE, "127.0.0.1", 8080, "Mainstay"),
        (EVERYWHERE, "::ffff:127.0.0.1", 8080, "Mainstay"),
        (EVERYWHERE, "127.3.2.1", 8080, "Mainstay"),
        (EVERYWHERE, "::1", 8080, "Mainstay"),
        (EVERYWHERE, "127.0.0.1", 8081, ""),
        (OFFICE, "10.1.2.3", 5432, ""),
        (OFFICE, "::ffff:10.1.2.3", 5432, ""),
        (OFFICE, "192.168.1.1", 5432, "networks.allowed"),
        (OFFICE, "127.0.0.1", 5432, "networks.allowed"),
        (OFFICE, "2001:db8::1", 5432, "networks.allowed"),
    ],
)
def test_refusal(policy: NetworkPolicy, address: str, port: int, refused: str) -> None:
    said = policy.refusal(address, port)
    assert (refused in said) if refused else said == ""


@given(st.integers(0, 2**32 - 1).map(IPv4Address), st.integers(1, 65535))
def test_an_address_hidden_in_ipv6_is_judged_as_itself(address: IPv4Address, port: int) -> None:
    forms = [
        IPv6Address(f"::ffff:{address}"),
        IPv6Address((0x2002 << 112) | (int(address) << 80)),
        IPv6Address(int(IPv6Address("64:ff9b::")) | int(address)),
    ]
    for policy in (EVERYWHERE, OFFICE):
        assert {policy.refusal(str(form), port) for form in forms} == {policy.refusal(str(address), port)}


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_what_lies_in_no_allowed_network_is_never_touched(address: IPv6Address) -> None:
    if not (address.ipv4_mapped or address.sixtofour):
        assert NetworkPolicy(()).refusal(str(address), 80)
