"""DNS: does a name server answer, how fast, and is the answer the one that it should be.

One question over UDP, asked again while nothing comes, and over TCP when the answer was cut short. It is put to one
address, judged before; the socket is connected to it, so that the kernel lets nobody else answer.
"""

import asyncio
import socket
import time
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.reversename
from dns.rdtypes.txtbase import TXTBase
from pydantic import Field, ValidationInfo, field_validator

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say
from mainstay.drivers.connect import NotConnected, connect, failed, resolve
from mainstay.drivers.foreign import at
from mainstay.drivers.kinds import Strict
from mainstay.drivers.probes import Reach

METRICS = {"time": "s", "answers": "1", "ttl": "s", "serial": "1"}
TITLES = {
    "time": say("response time"), "answers": say("answers"), "ttl": say("time to live"),
    "serial": say("serial number of the zone"),
}  # fmt: skip

RESOLVERS = "/etc/resolv.conf"
_MOST_RESOLVERS = 3
_PAYLOAD = 1232
"""Bytes of a UDP answer that pass every network unbroken (DNS flag day 2020)."""
_AGAIN = 1.0
"""Seconds after which the question is put again: a datagram may be lost."""
_MOST_STRANGE = 100
"""Datagrams that are no answer, before one stops listening."""
_SHOWN = 300
_WORDS = {
    dns.rcode.SERVFAIL: say("it could not find out (SERVFAIL)"),
    dns.rcode.REFUSED: say("it refuses to answer us (REFUSED)"),
    dns.rcode.NOTIMP: say("it does not know such questions (NOTIMP)"),
    dns.rcode.FORMERR: say("it did not understand the question (FORMERR)"),
}


class Settings(Strict):
    """``name`` is asked for as it stands, without search domains; for PTR it may be an address.

    ``expect`` is written as in a zone file, such as ``10 mail.example.com`` for MX; TXT is plain text.
    """

    type: Literal["A", "AAAA", "CNAME", "MX", "NS", "TXT", "SOA", "SRV", "CAA", "PTR"] = "A"
    name: str = Field(min_length=1)
    server: str = Field("", description="host or host:port; left empty, the resolvers of this machine")
    expect: list[str] = Field([], description="values that must all be among the answers")
    exact: bool = Field(False, description="no other values may be there")

    @field_validator("name")
    @classmethod
    def _is_name(cls, value: str, info: ValidationInfo) -> str:
        _asked_name(value, info.data.get("type", "A"))
        return value

    @field_validator("server")
    @classmethod
    def _is_server(cls, value: str) -> str:
        if value:
            _host_and_port(value)
        return value

    @field_validator("expect")
    @classmethod
    def _are_values(cls, value: list[str], info: ValidationInfo) -> list[str]:
        for text in value:
            _written(info.data.get("type", "A"), text)
        return value


def _asked_name(text: str, kind: str) -> dns.name.Name:
    """Raises ValueError."""
    if kind == "PTR" and not text.rstrip(".").endswith(".arpa"):
        try:
            return dns.reversename.from_address(text)
        except dns.exception.DNSException:
            pass
    try:
        return dns.name.from_text(text)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(f"{text!r} is not a name of the DNS: {error}; write such as shop.example.com") from None


def _host_and_port(text: str) -> tuple[str, int]:
    """Raises ValueError."""
    try:
        return str(ip_address(text)), 53
    except ValueError:
        pass
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.netloc != text:
        raise ValueError(f"{text!r} is no server; write such as 192.0.2.53 or ns.example.com:5353")
    return host, port or 53


def _written(kind: str, text: str) -> bytes:
    """An expected value in the form that values are compared in. Raises ValueError."""
    if kind == "TXT":
        return text.encode()
    try:
        rdata = dns.rdata.from_text("IN", kind, text, origin=dns.name.root, relativize=False)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(f"{text!r} is no value of a {kind} record: {error}; write it as in a zone file") from None
    return _comparable(rdata)


def _comparable(rdata: dns.rdata.Rdata) -> bytes:
    """The canonical form: names in small letters, a text in one piece."""
    if isinstance(rdata, TXTBase):
        return b"".join(rdata.strings)
    return rdata.to_digestable(dns.name.root)


class Probe:
    """Asks anew for each look; keeps nothing."""

    __slots__ = ("_expected", "_name", "_reach", "_settings")

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._reach = settings, reach
        self._name = _asked_name(settings.name, settings.type)
        self._expected = {_written(settings.type, text): text for text in settings.expect}

    async def read(self) -> Reading:
        began = time.perf_counter()
        try:
            server, answer = await self._ask()
        except NotConnected as error:
            return Reading(problem=error.problem, blind=error.problem.fault is Fault.SETUP)
        values = {"time": time.perf_counter() - began}
        rcode = answer.rcode()
        if rcode == dns.rcode.NXDOMAIN:
            return Reading(
                values, Problem(Fault.UNRESOLVED, at(server, say("there is no name %(name)s", name=self._name)))
            )
        if rcode != dns.rcode.NOERROR:
            words = _WORDS.get(rcode, dns.rcode.to_text(rcode))
            return Reading(values, Problem(Fault.STATUS, at(server, words)))
        return self._judge(answer, server, values)

    async def _ask(self) -> tuple[str, dns.message.QueryMessage]:
        """The answer of the first server that gives one, each having its share of the time. Raises NotConnected."""
        servers = self._servers()
        share = self._reach.timeout / max(1, len(servers))
        failure = NotConnected(Fault.SETUP, say("%(path)s names no server; give one to the probe", path=RESOLVERS))
        for host, port in servers:
            question = _Question(self._name, self._settings.type, host, port, self._reach.network)
            try:
                async with asyncio.timeout(share):
                    return question.server, await question.put()
            except TimeoutError:
                failure = NotConnected(Fault.TIMEOUT, question.silence(share))
            except NotConnected as error:
                failure = error
        raise failure

    def _servers(self) -> list[tuple[str, int]]:
        if self._settings.server:
            return [_host_and_port(self._settings.server)]
        try:
            found = dns.resolver.Resolver(RESOLVERS).nameservers
        except dns.resolver.NoResolverConfiguration:
            return []
        return [(str(address), 53) for address in found[:_MOST_RESOLVERS]]

    def _judge(self, answer: dns.message.QueryMessage, server: str, values: dict[str, float]) -> Reading:
        try:
            chain = answer.resolve_chaining()
        except dns.exception.DNSException as error:
            return Reading(values, Problem(Fault.PROTOCOL, at(server, str(error))))
        if chain.answer is None:
            return Reading({**values, "answers": 0.0}, Problem(Fault.MISSING, at(server, self._absent(chain))))
        found = {_comparable(rdata): rdata.to_text() for rdata in chain.answer}
        values |= {"answers": float(len(found)), "ttl": float(chain.minimum_ttl)}
        if self._settings.type == "SOA":
            values["serial"] = float(chain.answer[0].serial)
        wrong = self._wrong(found)
        problem = Problem(Fault.CONTENT, at(server, wrong)) if wrong else None
        return Reading(values, problem, excerpt=_listed(found.values()))

    def _absent(self, chain: dns.message.ChainingResult) -> str:
        kind, name, alias = self._settings.type, self._name, chain.canonical_name
        if alias == name:
            return say("%(name)s has no %(kind)s record", name=name, kind=kind)
        return say("%(name)s, an alias of %(alias)s, has no %(kind)s record", name=name, alias=alias, kind=kind)

    def _wrong(self, found: dict[bytes, str]) -> str:
        absent = [text for value, text in self._expected.items() if value not in found]
        if absent:
            return say(
                "not among the answers: %(absent)s; they are %(found)s",
                absent=_listed(absent), found=_listed(found.values()),
            )  # fmt: skip
        strange = [text for value, text in found.items() if value not in self._expected]
        if self._settings.exact and strange:
            return say("answers that are not expected: %(strange)s", strange=_listed(strange))
        return ""

    def close(self) -> None:
        """Nothing is kept between two looks."""


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(sorted(texts))[:_SHOWN]


class _Question:
    """One question to one server."""

    def __init__(self, name: dns.name.Name, kind: str, host: str, port: int, network: NetworkPolicy) -> None:
        self._query = dns.message.make_query(name, kind, use_edns=0, payload=_PAYLOAD)
        self._host, self._port, self._network = host, port, network
        self._strange = 0
        self._cut_short = False
        self.server = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def put(self) -> dns.message.QueryMessage:
        """The answer. Raises NotConnected; the caller sets the deadline."""
        family, address = await resolve(self._host, self._port, self._network)
        try:
            answer = await self._by_udp(family, address)
            if answer.flags & dns.flags.TC:
                self._cut_short = True
                answer = await self._by_tcp(address)
        except OSError as error:
            raise failed(error, self.server) from None
        return answer

    def silence(self, seconds: float) -> str:
        """What came instead of an answer."""
        long = f"{seconds:g}"
        if self._cut_short:
            return say("%(where)s: the answer by UDP was cut short, and none came by TCP within %(seconds)s s",
                       where=self.server, seconds=long)  # fmt: skip
        if self._strange:
            return say("%(where)s: no answer within %(seconds)s s; what came was none (datagrams: %(n)s)",
                       where=self.server, seconds=long, n=self._strange)  # fmt: skip
        return at(self.server, say("no answer within %(seconds)s s", seconds=long))

    async def _by_udp(self, family: socket.AddressFamily, address: str) -> dns.message.QueryMessage:
        wire = self._query.to_wire()
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect((address, self._port))
            while True:
                sock.send(wire)
                try:
                    async with asyncio.timeout(_AGAIN):
                        return await self._heard(sock)
                except TimeoutError:
                    continue

    async def _heard(self, sock: socket.socket) -> dns.message.QueryMessage:
        """The first datagram that is an answer to this very question."""
        loop = asyncio.get_running_loop()
        while True:
            answer = self._parsed(await loop.sock_recv(sock, 65_535))
            if answer is not None:
                return answer
            self._strange += 1
            if self._strange >= _MOST_STRANGE:
                flood = say("%(n)s datagrams, none of them an answer", n=self._strange)
                raise NotConnected(Fault.PROTOCOL, at(self.server, flood))
            await asyncio.sleep(0)  # a flood is read without waiting, and would hold up all others

    async def _by_tcp(self, address: str) -> dns.message.QueryMessage:
        wire = self._query.to_wire()
        sock = await connect(address, self._port, self._network)
        with sock:
            await asyncio.get_running_loop().sock_sendall(sock, len(wire).to_bytes(2, "big") + wire)
            length = int.from_bytes(await self._exactly(sock, 2), "big")
            answer = self._parsed(await self._exactly(sock, length))
        if answer is None:
            strange = say("what came by TCP is no answer to the question")
            raise NotConnected(Fault.PROTOCOL, at(self.server, strange))
        return answer

    async def _exactly(self, sock: socket.socket, length: int) -> bytes:
        heard = b""
        while len(heard) < length:
            chunk = await asyncio.get_running_loop().sock_recv(sock, length - len(heard))
            if not chunk:
                cut = say("it hung up in the middle of its answer by TCP")
                raise NotConnected(Fault.PROTOCOL, at(self.server, cut))
            heard += chunk
        return heard

    def _parsed(self, wire: bytes) -> dns.message.QueryMessage | None:
        """None for what is no answer to this question: garbage, another's, one that was sent before."""
        try:
            answer = dns.message.from_wire(wire, raise_on_truncation=True)
        except dns.message.Truncated as cut:
            answer = cut.message()  # type: ignore[no-untyped-call]  # dnspython gives it no types
        except Exception:  # whatever a parser makes of garbage
            return None
        return answer if isinstance(answer, dns.message.QueryMessage) and self._query.is_response(answer) else None
