"""DNS: a real server with every kind of record, and servers that answer anything but the question."""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from threading import Thread
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from pydantic import ValidationError

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Reading
from mainstay.drivers.own_services import own_services
from mainstay.drivers.probes import Reach
from mainstay.drivers.probes import dns as probe
from tests.servers import dnsmasq

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"), ip_network("::1/128")))
LONG = ",".join(f"{number:0200d}" for number in range(10))


def look(timeout: float = 5.0, network: NetworkPolicy = LOOPBACK, **settings: Any) -> Reading:
    reach = Reach(timeout, network, {}, lambda _key, make: make())
    return asyncio.run(probe.Probe(probe.Settings.model_validate(settings), reach).read())


def fault(reading: Reading) -> Fault | None:
    return reading.problem.fault if reading.problem else None


def words(reading: Reading) -> str:
    return reading.problem.detail if reading.problem else ""


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with dnsmasq(
        "host-record=shop.example,192.0.2.10,2001:db8::10,300", "host-record=shop.example,192.0.2.11",
        "cname=www.example,shop.example", "mx-host=shop.example,mail.example,10",
        "txt-record=shop.example,v=spf1 -all", f"txt-record=long.example,{LONG}",
        "srv-host=_sip._tcp.shop.example,sip.example,5060,5,7", "caa-record=shop.example,0,issue,ca.example",
        "ptr-record=10.2.0.192.in-addr.arpa,shop.example", "local=/example/", "local-ttl=120",
        "auth-server=ns.zone.test,127.0.0.2", "auth-zone=zone.test", "auth-soa=2026112401,admin.zone.test",
    ) as port:  # fmt: skip
        yield port


@pytest.mark.parametrize(
    ("kind", "name", "expect", "answers"),
    [
        ("A", "shop.example", ["192.0.2.10"], 2),
        ("A", "SHOP.example.", ["192.0.2.11", "192.0.2.10"], 2),
        ("AAAA", "www.example", ["2001:db8:0:0::10"], 1),
        ("CNAME", "www.example", ["Shop.Example"], 1),
        ("MX", "shop.example", ["10 mail.example."], 1),
        ("TXT", "shop.example", ["v=spf1 -all"], 1),
        ("TXT", "long.example", [LONG.replace(",", "")], 1),
        ("SRV", "_sip._tcp.shop.example", ["5 7 5060 sip.example"], 1),
        ("CAA", "shop.example", ['0 issue "ca.example"'], 1),
        ("PTR", "192.0.2.10", ["shop.example"], 1),
        ("PTR", "10.2.0.192.in-addr.arpa", ["shop.example"], 1),
    ],
)
def test_every_kind_of_record_is_read(server: int, kind: str, name: str, expect: list[str], answers: int) -> None:
    reading = look(server=f"127.0.0.1:{server}", type=kind, name=name, expect=expect)
    assert reading.problem is None, reading.problem
    assert reading.values["answers"] == answers
    assert reading.values["ttl"] in (120, 300)
    assert reading.values["time"] > 0


def test_the_zone_tells_its_serial(server: int) -> None:
    reading = look(server=f"127.0.0.2:{server}", type="SOA", name="zone.test")
    assert (reading.problem, reading.values["serial"]) == (None, 2026112401)
    assert look(server=f"127.0.0.2:{server}", type="NS", name="zone.test", expect=["ns.zone.test"]).problem is None


@pytest.mark.parametrize(
    ("settings", "expected", "said"),
    [
        ({"name": "nowhere.example"}, Fault.UNRESOLVED, "no name nowhere.example."),
        ({"name": "shop.example", "type": "NS"}, Fault.MISSING, "has no NS record"),
        ({"name": "www.example", "type": "SRV"}, Fault.MISSING, "an alias of shop.example., has no SRV"),
        ({"name": "shop.elsewhere"}, Fault.STATUS, "refuses to answer us"),
        ({"name": "shop.example", "expect": ["192.0.2.99"]}, Fault.CONTENT, "192.0.2.99; they are 192.0.2.10"),
        ({"name": "shop.example", "expect": ["192.0.2.10"], "exact": True}, Fault.CONTENT, "not expected: 192.0.2.11"),
    ],
)
def test_each_failure_has_its_name(server: int, settings: dict[str, Any], expected: Fault, said: str) -> None:
    reading = look(server=f"127.0.0.1:{server}", **settings)
    assert fault(reading) is expected, reading.problem
    assert said in words(reading)


def test_no_address_is_touched_that_is_not_allowed(server: int) -> None:
    own = NetworkPolicy(LOOPBACK.allowed, own_services([("127.0.0.1", server)]))
    elsewhere = NetworkPolicy((ip_network("203.0.113.0/24"),))
    for network, where in ((own, f"127.0.0.1:{server}"), (elsewhere, f"localhost:{server}"), (LOOPBACK, "10.1.2.3")):
        assert fault(look(network=network, server=where, name="shop.example")) is Fault.DENIED


def test_nobody_listens() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert fault(look(server=f"127.0.0.1:{port}", name="shop.example")) is Fault.REFUSED


def test_the_machines_own_resolvers_are_asked_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolvers = tmp_path / "resolv.conf"
    monkeypatch.setattr(probe, "RESOLVERS", str(resolvers))
    absent = look(name="shop.example")
    assert (fault(absent), absent.blind) == (Fault.SETUP, True)
    resolvers.write_text("search example\nnameserver 127.0.0.77\nnameserver 10.1.2.3\n")
    assert words(look(name="shop.example")).startswith("10.1.2.3 lies in no allowed network")


Talk = Callable[[socket.socket, bytes, Any], None]


def answer(query: bytes, *records: str, rcode: int = dns.rcode.NOERROR, flags: int = 0) -> dns.message.Message:
    reply = dns.message.make_response(dns.message.from_wire(query))
    reply.set_rcode(dns.rcode.Rcode(rcode))
    reply.flags |= flags
    reply.answer = [dns.rrset.from_text("shop.example.", 60, "IN", *record.split(" ", 1)) for record in records]
    return reply


def garbage(sock: socket.socket, _query: bytes, who: Any) -> None:
    for data in (b"", b"\0", b"\xff" * 512, b"\xc0\x0c" * 300, b"HTTP/1.1 200 OK\r\n\r\n"):
        sock.sendto(data, who)


def flood(sock: socket.socket, _query: bytes, who: Any) -> None:
    for _ in range(200):
        sock.sendto(b"\xff" * 64, who)


def another_id(sock: socket.socket, query: bytes, who: Any) -> None:
    wire = answer(query, "A 192.0.2.66").to_wire()
    sock.sendto(struct.pack("!H", (int.from_bytes(wire[:2], "big") + 1) % 65_536) + wire[2:], who)


def another_question(sock: socket.socket, query: bytes, who: Any) -> None:
    other = dns.message.make_query("evil.example", "A", id=int.from_bytes(query[:2], "big"))
    sock.sendto(dns.message.make_response(other).to_wire(), who)


def the_question_itself(sock: socket.socket, query: bytes, who: Any) -> None:
    sock.sendto(query, who)


def from_elsewhere(_sock: socket.socket, query: bytes, who: Any) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.3", 0))
        other.sendto(answer(query, "A 192.0.2.66").to_wire(), who)


def cut_short(sock: socket.socket, query: bytes, who: Any) -> None:
    sock.sendto(answer(query, flags=dns.flags.TC).to_wire(), who)


def cut_in_the_middle(sock: socket.socket, query: bytes, who: Any) -> None:
    sock.sendto(answer(query, "A 192.0.2.10", flags=dns.flags.TC).to_wire()[:-3], who)


def a_circle_of_aliases(sock: socket.socket, query: bytes, who: Any) -> None:
    sock.sendto(answer(query, "CNAME shop.example.").to_wire(), who)


def failing(sock: socket.socket, query: bytes, who: Any) -> None:
    sock.sendto(answer(query, rcode=dns.rcode.SERVFAIL).to_wire(), who)


def noise_then_the_answer(sock: socket.socket, query: bytes, who: Any) -> None:
    garbage(sock, query, who)
    another_id(sock, query, who)
    sock.sendto(answer(query, "A 192.0.2.10").to_wire(), who)


def silent(_sock: socket.socket, _query: bytes, _who: Any) -> None:
    """Says nothing."""


@contextmanager
def saying(talk: Talk, by_tcp: bytes | None = None) -> Iterator[int]:
    """A UDP server that answers each question its own way. By TCP it sends ``by_tcp``, or holds the line in silence."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tcp = socket.create_server(("127.0.0.1", 0))
    udp.bind(("127.0.0.1", tcp.getsockname()[1]))
    lines: list[socket.socket] = []

    def by_udp() -> None:
        while True:
            query, who = udp.recvfrom(4096)
            if query == b"end":
                return
            talk(udp, query, who)

    def listening() -> None:
        while True:
            line, _ = tcp.accept()
            lines.append(line)
            if line.recv(4096) == b"end":
                return
            if by_tcp is not None:
                line.sendall(by_tcp)
                line.shutdown(socket.SHUT_WR)

    threads = [Thread(target=by_udp), Thread(target=listening)]
    for thread in threads:
        thread.start()
    port = udp.getsockname()[1]
    try:
        yield port
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", ("127.0.0.1", port))
        with socket.create_connection(("127.0.0.1", port)) as closing:
            closing.sendall(b"end")
        for thread in threads:
            thread.join()
        for sock in (udp, tcp, *lines):
            sock.close()


HOSTILE: dict[str, tuple[Talk, bytes | None, Fault | None, str]] = {
    "garbage": (garbage, None, Fault.TIMEOUT, "what came was none"),
    "a flood of garbage": (flood, None, Fault.PROTOCOL, "none of them an answer"),
    "an answer with another id": (another_id, None, Fault.TIMEOUT, "what came was none"),
    "an answer to another question": (another_question, None, Fault.TIMEOUT, "what came was none"),
    "the question come back": (the_question_itself, None, Fault.TIMEOUT, "what came was none"),
    "an answer from elsewhere": (from_elsewhere, None, Fault.TIMEOUT, "no answer within"),
    "cut short, then silent": (cut_short, None, Fault.TIMEOUT, "none came by TCP"),
    "cut in the middle of a record": (cut_in_the_middle, None, Fault.TIMEOUT, "none came by TCP"),
    "cut short, then nothing": (cut_short, b"", Fault.PROTOCOL, "hung up"),
    "cut short, then half of it": (cut_short, b"\xff\xff" + b"x" * 100, Fault.PROTOCOL, "hung up"),
    "cut short, then garbage": (cut_short, b"\0\x0c" + b"\xff" * 12, Fault.PROTOCOL, "no answer to the question"),
    "an alias of itself": (a_circle_of_aliases, None, Fault.PROTOCOL, ""),
    "it could not find out": (failing, None, Fault.STATUS, "SERVFAIL"),
    "silence": (silent, None, Fault.TIMEOUT, "no answer within"),
    "noise, then the answer": (noise_then_the_answer, None, None, ""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_only_an_answer_to_the_question_counts(name: str) -> None:
    talk, by_tcp, expected, said = HOSTILE[name]
    with saying(talk, by_tcp) as port:
        reading = look(1.0, server=f"127.0.0.1:{port}", name="shop.example", expect=["192.0.2.10"])
    assert fault(reading) is expected, reading.problem
    assert said in words(reading)


def test_a_lost_datagram_is_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_AGAIN", 0.1)
    asked: list[bytes] = []

    def deaf_at_first(sock: socket.socket, query: bytes, who: Any) -> None:
        asked.append(query)
        if len(asked) > 2:
            sock.sendto(answer(query, "A 192.0.2.10").to_wire(), who)

    with saying(deaf_at_first) as port:
        reading = look(10.0, server=f"127.0.0.1:{port}", name="shop.example")
    assert (reading.problem, len(set(asked))) == (None, 1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"name": "a..b"}, "not a name of the DNS"),
        ({"name": "a", "server": "http://ns"}, "no server; write such as"),
        ({"name": "a", "server": "ns:port"}, "no server; write such as"),
        ({"name": "a", "expect": ["shop"]}, "no value of a A record"),
        ({"name": "a", "type": "MX", "expect": ["mail.example"]}, "no value of a MX record"),
        ({"name": "a", "type": "ANY"}, "type"),
    ],
)
def test_what_cannot_be_asked_is_said_at_once(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        probe.Settings.model_validate(settings)
