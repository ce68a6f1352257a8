"""Mainstay's own services as addresses of this machine, so that no check is sent to them by another spelling."""

import socket
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

import psutil

from mainstay.domain.network import LOOPBACK, Network, Service


def own_services(listening: Iterable[tuple[str, int]]) -> tuple[Service, ...]:
    """Where services can be reached that are told as in a setting: an address, a name, a wildcard, or the path of a
    socket file. As it is now: names are resolved, and a wildcard stands for the addresses that this machine has."""
    return tuple(
        Service(network, port) for host, port in listening if port for network in sorted(_reached(host), key=str)
    )


def _reached(host: str) -> set[Network]:
    """A service on one loopback address counts as one on all: who names another of them means the same machine."""
    found: set[Network] = set()
    for address in _addresses(host):
        ip = ip_address(address)
        if ip.is_unspecified:
            found |= {*LOOPBACK, *map(ip_network, _of_this_machine())}
        elif ip.is_loopback:
            found |= set(LOOPBACK)
        else:
            found.add(ip_network(address))
    return found


def _addresses(host: str) -> Iterator[str]:
    if not host or host.startswith(("/", "@")):  # a socket file, which leads to this machine
        yield "127.0.0.1"
        return
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # then nothing can listen there, nor be reached
        return
    yield from (_bare(str(item[4][0])) for item in found)


def _of_this_machine() -> Iterator[str]:
    for addresses in psutil.net_if_addrs().values():
        yield from (_bare(one.address) for one in addresses if one.family in (socket.AF_INET, socket.AF_INET6))


def _bare(address: str) -> str:
    """Without the name of the interface, which a link-local address bears."""
    return address.partition("%")[0]
