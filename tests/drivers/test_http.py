"""HTTP against servers that mean well and servers that do not. Every look ends at its deadline, within its bounds."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Reading
from mainstay.drivers.own_services import own_services
from mainstay.drivers.probes import Reach, load

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"), ip_network("::1/128")))
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\n"


def reach(timeout: float = 2.0, network: NetworkPolicy = LOOPBACK, **component: Any) -> Reach:
    kept: dict[str, Any] = {}

    def shared(key: str, make: Callable[[], Any]) -> Any:
        if key not in kept:
            kept[key] = make()
        return kept[key]

    return Reach(timeout, network, component, shared)


async def look(kind: str, to: Reach, **settings: Any) -> Reading:
    module = load(kind)
    probe = module.Probe(module.Settings.model_validate(settings), to)
    try:
        return await probe.read()
    finally:
        probe.close()


@asynccontextmanager
async def serving(answer: Answer, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def says(data: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()

    return answer


def whole(body: bytes, headers: bytes = b"") -> bytes:
    return OK + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def ask(answer: Answer, timeout: float = 2.0, **settings: Any) -> Reading:
    async def run() -> Reading:
        async with serving(answer) as port:
            return await look("http", reach(timeout), url=f"http://127.0.0.1:{port}/", **settings)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("data", "settings", "fault"),
    [
        (whole(b"hello"), {}, None),
        (whole(b"hello"), {"contains": "hell"}, None),
        (whole(b"hello"), {"contains": "heaven"}, Fault.CONTENT),
        (whole(b"hello"), {"lacks": "hell"}, Fault.CONTENT),
        (whole(b"hello"), {"matches": "^h.*o$"}, None),
        (whole(b'{"db": {"ok": true}}'), {"json": {"$.db.ok": True}}, None),
        (whole(b'{"db": {"ok": false}}'), {"json": {"$.db.ok": True}}, Fault.CONTENT),
        (whole(b"<html>"), {"json": {"$.db": 1}}, Fault.CONTENT),
        (whole(b"", b"X-Node: a1\r\n"), {"response_headers": {"x-node": "a1"}}, None),
        (whole(b"", b"X-Node: b2\r\n"), {"response_headers": {"x-node": "a1"}}, Fault.CONTENT),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", {}, Fault.STATUS),
        (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", {"status": [404]}, None),
        (whole(gzip.compress(b"packed", mtime=0), b"Content-Encoding: gzip\r\n"), {"contains": "packed"}, None),
        (b"", {}, Fault.REFUSED),
        (b"SSH-2.0-OpenSSH\r\n", {}, Fault.PROTOCOL),
        (OK + b"Content-Length: 100\r\n\r\nshort", {}, Fault.PROTOCOL),
    ],
)
def test_what_is_expected_and_what_is_not(data: bytes, settings: dict[str, Any], fault: Fault | None) -> None:
    reading = ask(says(data), **settings)
    assert (reading.problem.fault if reading.problem else None) == fault, reading.problem


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK + b"\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def dripping_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK + b"Content-Length: 1000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.1)


async def dripping_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    while True:
        writer.write(b"X-A: b\r\n")
        await writer.drain()
        await asyncio.sleep(0.1)


async def many_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    for number in range(10_000_000):
        writer.write(b"X-%d: y\r\n" % number)
        if number % 100 == 0:
            await writer.drain()
            await asyncio.sleep(0)  # the client lives in this loop too


async def one_long_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK + b"X: ")
    while True:
        writer.write(b"y" * 65536)
        await writer.drain()


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read(1 << 20)
    await asyncio.sleep(30)


def test_redirects_are_followed_only_when_asked_and_only_where_allowed() -> None:
    away = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/\r\nContent-Length: 0\r\n\r\n"
    assert ask(says(away)).problem is None, "a redirect is an answer"
    denied = ask(says(away), redirects=3).problem
    assert denied
    assert denied.fault is Fault.DENIED
    to_file = away.replace(b"http://169.254.169.254/latest/", b"file:///etc/passwd")
    assert ask(says(to_file), redirects=3).problem is not None


def test_a_circle_of_redirects_ends() -> None:
    circle = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"
    found = ask(says(circle), redirects=5).problem
    assert found
    assert found.fault is Fault.STATUS


SPELLINGS = [
    "127.0.0.1", "localhost", "2130706433", "0x7f.1", "0x7f000001", "017700000001", "127.1", "127.0.1", "0", "0.0.0.0",
    "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[0:0:0:0:0:0:0:1]", "[::]", "10.0.0.1", "10.1",
    "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "2852039166",
    "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "224.0.0.1", "255.255.255.255", "[ff02::1]", "100.100.100.200",
    "168.63.129.16", "192.0.0.192", "user@127.0.0.1", "127.0.0.1#@example.com", "１２７.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_gets_past_the_policy(host: str) -> None:
    """Only 203.0.113.0/24 is allowed; whatever the name turns into, no connection may be made."""
    seen: list[int] = []

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(1)
        writer.write(whole(b""))

    async def run() -> Reading:
        async with serving(answer) as port:
            network = NetworkPolicy((ip_network("203.0.113.0/24"),))
            return await look("http", reach(1.0, network), url=f"http://{host.replace('#', f':{port}/#', 1)}:{port}/")

    reading = asyncio.run(run())
    assert reading.problem is not None
    assert not seen


def test_mainstay_never_checks_itself() -> None:
    async def run() -> Reading:
        async with serving(says(whole(b""))) as port:
            network = NetworkPolicy((ip_network("127.0.0.0/8"),), own_services([("127.0.0.1", port)]))
            return await look("http", reach(1.0, network), url=f"http://127.0.0.1:{port}/")

    problem = asyncio.run(run()).problem
    assert problem
    assert problem.fault is Fault.DENIED


def certificate(folder: Path, name: str = "localhost", days: float = 60, begins: float = -1) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now + timedelta(days=begins - 100))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.mark.parametrize(
    ("name", "days", "trusted", "fault", "words"),
    [
        ("localhost", 60, True, None, ""),
        ("localhost", 3, True, None, ""),
        ("localhost", -1, True, Fault.TLS, "expired"),
        ("elsewhere.example", 60, True, Fault.TLS, "mismatch"),
        ("localhost", 60, False, Fault.TLS, "self-signed"),
    ],
)
def test_certificates(tmp_path: Path, name: str, days: float, trusted: bool, fault: Fault | None, words: str) -> None:
    context = certificate(tmp_path, name, days)
    ca = str(tmp_path / "cert.pem") if trusted else ""

    async def run() -> tuple[Reading, Reading]:
        async with serving(says(whole(b"")), context) as port:
            seen = await look("tls", reach(), host="localhost", port=port, ca_file=ca)
            return seen, await look("http", reach(), url=f"https://localhost:{port}/", ca_file=ca)

    tls, http = asyncio.run(run())
    assert (tls.problem.fault if tls.problem else None) == fault, tls.problem
    assert (http.problem.fault if http.problem else None) == fault, http.problem
    assert words in (tls.problem.detail.lower() if tls.problem else "")
    assert tls.values["days"] == pytest.approx(days, abs=0.1), "said whatever else is wrong"
    assert tls.values["protocol"] == 1.3


@pytest.mark.parametrize(("name", "trusted"), [("shop.example", True), ("", False)])
def test_a_certificate_may_be_for_another_name_than_the_host(tmp_path: Path, name: str, trusted: bool) -> None:
    context = certificate(tmp_path, "shop.example")
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    async def run() -> Reading:
        async with serving(says(whole(b"")), context) as port:
            ca = str(tmp_path / "cert.pem")
            return await look("tls", reach(), host="localhost", port=port, ca_file=ca, name=name)

    seen = asyncio.run(run())
    assert (seen.problem is None) is trusted, seen.problem
    assert seen.values["protocol"] == 1.2


def test_the_time_of_each_part(tmp_path: Path) -> None:
    """The server thinks for 0.2 s: that is the wait for the first byte and no other part's."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.2)
        writer.write(whole(b"ok"))
        await writer.drain()

    async def run() -> Reading:
        async with serving(slow, certificate(tmp_path)) as port:
            ca = str(tmp_path / "cert.pem")
            return await look("http", reach(), url=f"https://localhost:{port}/", ca_file=ca)

    values = asyncio.run(run()).values
    parts = [values[name] for name in ("dns", "connect", "tls", "first_byte")]
    assert all(part > 0 for part in parts), values
    assert values["first_byte"] >= 0.2
    assert sum(parts) <= values["total"] + 1e-6
    assert values["size"] == 2
