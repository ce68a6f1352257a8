"""Which addresses checks and notices may touch. Decided on the address itself, inside connect, never its spelling."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from mainstay.domain.saying import say

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


@dataclass(frozen=True, slots=True)
class Service:
    """A port on every address of a network."""

    network: Network
    port: int

    def is_at(self, ip: Address, port: int) -> bool:
        return port == self.port and ip.version == self.network.version and ip in self.network


@dataclass(frozen=True, slots=True, eq=False)
class NetworkPolicy:
    """Networks that an administrator allowed, and the services that are Mainstay's own.

    Private networks and loopback are legitimate targets here, when a network that is allowed holds them. Metadata and
    link-local addresses, multicast and Mainstay's own services never are, whatever is allowed. ``setting`` is where the
    administrator named the allowed ones.
    """

    allowed: tuple[Network, ...]
    own: tuple[Service, ...] = ()
    setting: str = "networks.allowed"

    @lru_cache(maxsize=65_536)  # noqa: B019 - one policy a process, and it is asked before every connection
    def refusal(self, address: str, port: int) -> str:
        """Empty when the connection may be made; otherwise the reason."""
        ip = _plain(ip_address(address.split("%", maxsplit=1)[0]))
        if ip.is_link_local or str(ip) in _METADATA:
            return say("%(ip)s is a link-local or metadata address and is never connected to", ip=ip)
        if ip.is_multicast or ip.is_unspecified or ip == _BROADCAST:
            return say("%(ip)s is not the address of one host", ip=ip)
        if any(service.is_at(ip, port) for service in self.own):
            return say("%(where)s is a service of Mainstay itself", where=f"{ip}:{port}")
        if not any(ip.version == network.version and ip in network for network in self.allowed):
            return say(
                "%(ip)s lies in no allowed network; an administrator can add it under %(setting)s",
                ip=ip, setting=self.setting,
            )  # fmt: skip
        return ""


_METADATA = {"169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"}


def _plain(ip: Address) -> Address:
    """An IPv4 address hidden in IPv6 (mapped, compatible, 6to4, NAT64) judged as the IPv4 address that it is."""
    if isinstance(ip, IPv6Address):
        hidden = ip.ipv4_mapped or ip.sixtofour
        if hidden is None and (ip in _NAT64 or (ip in _COMPATIBLE and int(ip) > 1)):
            hidden = IPv4Address(int(ip) & 0xFFFFFFFF)
        return hidden or ip
    return ip


_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_BROADCAST = IPv4Address("255.255.255.255")
