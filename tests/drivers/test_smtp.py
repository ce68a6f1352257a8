"""SMTP: a real mail server in its moods, and servers that speak without end, slowly, or something else."""

import asyncio
import smtplib
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pydantic import ValidationError

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Reading
from mainstay.drivers.outward import Bounds
from mainstay.drivers.own_services import own_services
from mainstay.drivers.probes import Reach
from mainstay.drivers.probes.smtp import Probe, Settings
from tests.drivers.test_http import certificate
from tests.servers import free_port

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))
OURS = "orders@shop.example"


def look(port: int, timeout: float = 5.0, network: NetworkPolicy = LOOPBACK, **settings: Any) -> Reading:
    reach = Reach(timeout, network, {"address": "127.0.0.1"}, lambda _key, make: make())
    return Probe(Settings.model_validate({"port": port, **settings}), reach).read()


def fault(reading: Reading) -> Fault | None:
    return reading.problem.fault if reading.problem else None


def words(reading: Reading) -> str:
    return reading.problem.detail if reading.problem else ""


class Office:
    """Takes mail for our address only, and writes down what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.mails = 0

    async def handle_EHLO(
        self, _server: Any, session: Any, _envelope: Any, hostname: str, said: list[str]
    ) -> list[str]:
        self.asked.append(hostname)
        session.host_name = hostname
        return said

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        self.asked.append(f"{envelope.mail_from} to {address}")
        if address != OURS:
            return "550 no such user here, my secret friend"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:
        self.mails += 1
        return "250 taken"

    async def handle_RSET(self, _server: Any, _session: Any, _envelope: Any) -> str:
        self.asked.append("RSET")
        return "250 OK"


@contextmanager
def office(**settings: Any) -> Iterator[tuple[int, Office]]:
    takes = Office()
    controller = Controller(takes, hostname="127.0.0.1", port=free_port(), **settings)
    controller.start()
    try:
        yield controller.port, takes
    finally:
        controller.stop()


def knows(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"mainstay", b"secret"), handled=False)


def test_a_server_that_takes_mail() -> None:
    with office() as (port, takes):
        plain = look(port)
        asked = look(port, recipient=OURS, sender="watch@shop.example")
        bounce = look(port, recipient=OURS)
    assert (plain.problem, asked.problem, bounce.problem) == (None, None, None)
    assert set(plain.values) == {"time", "connect", "banner"}
    assert takes.asked == ["[127.0.0.1]", "[127.0.0.1]", f"watch@shop.example to {OURS}", "RSET", "[127.0.0.1]",
                           f"<> to {OURS}", "RSET"]  # fmt: skip
    assert takes.mails == 0, "nothing is ever sent"


def test_a_recipient_that_is_refused() -> None:
    with office() as (port, _):
        reading = look(port, recipient="nobody@shop.example", user="", password="secret")
    assert fault(reading) is Fault.STATUS
    assert "550 no such user here, my … friend" in words(reading), "what looks like the password is not repeated"


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize(
    ("name", "days", "settings", "expected", "said"),
    [
        ("localhost", 60, {}, None, ""),
        ("localhost", -1, {}, Fault.TLS, "expired"),
        ("localhost", -1, {"verify": False}, None, ""),
        ("elsewhere.example", 60, {}, Fault.TLS, "mismatch"),
        ("localhost", 60, {"ca_file": ""}, Fault.TLS, "self-signed"),
    ],
)
def test_certificates(
    tmp_path: Path, tls: str, name: str, days: float, settings: dict[str, Any], expected: Fault | None, said: str
) -> None:
    context = certificate(tmp_path, name, days)
    how: dict[str, Any] = {"tls_context": context} if tls == "starttls" else {"ssl_context": context}
    with office(**how) as (port, _):
        reading = look(port, host="localhost", **{"tls": tls, "ca_file": str(tmp_path / "cert.pem"), **settings})
    assert fault(reading) is expected, reading.problem
    assert said in words(reading).lower()
    if not expected:
        assert reading.values["days_left"] == pytest.approx(days, abs=0.1)


@pytest.mark.parametrize(
    ("password", "expected", "said"),
    [
        ("secret", None, ""),
        ("wrong", Fault.AUTH, "refused the account: 535"),
        ("schlüssel", Fault.AUTH, "use ASCII"),
    ],
)
def test_the_account_is_tried_once(tmp_path: Path, password: str, expected: Fault | None, said: str) -> None:
    tries: list[int] = []

    def counting(*arguments: Any) -> AuthResult:
        tries.append(1)
        return knows(*arguments)

    context = certificate(tmp_path)
    with office(tls_context=context, authenticator=counting) as (port, _):
        trusted = str(tmp_path / "cert.pem")
        reading = look(port, host="localhost", tls="starttls", ca_file=trusted, user="mainstay", password=password)
    assert fault(reading) is expected, reading.problem
    assert said in words(reading)
    assert len(tries) <= 1, "a second try could lock the account"


def test_what_the_server_does_not_offer() -> None:
    with office() as (port, _):
        assert "no STARTTLS" in words(look(port, tls="starttls"))
        assert "no sign-in" in words(look(port, user="mainstay", password="secret"))
        assert fault(look(port, tls="implicit")) is Fault.TLS


def test_who_is_not_there_and_who_may_not_be_asked(tmp_path: Path) -> None:
    assert fault(look(free_port())) is Fault.REFUSED
    assert fault(look(25, host="no-such-host.invalid")) is Fault.UNRESOLVED
    absent = look(25, tls="starttls", ca_file=str(tmp_path / "none.pem"))
    assert (fault(absent), absent.blind) == (Fault.SETUP, True)
    with office() as (port, takes):
        elsewhere = NetworkPolicy((ip_network("203.0.113.0/24"),))
        own = NetworkPolicy(LOOPBACK.allowed, own_services([("127.0.0.1", port)]))
        for network in (elsewhere, own):
            assert fault(look(port, network=network)) is Fault.DENIED
        assert not takes.asked
    bare = Reach(1.0, LOOPBACK, {}, lambda _key, make: make())
    assert fault(Probe(Settings(), bare).read()) is Fault.SETUP


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextmanager
def saying(talk: Talk) -> Iterator[int]:
    """A server in a loop of its own, as the probe blocks."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []
    over = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async def serve() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await over.wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def lines(*answers: bytes) -> Talk:
    """Says one after the other, each but the first after a line from the client; then holds the line."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, answer in enumerate(answers):
            if number:
                await reader.readline()
            writer.write(answer)
            await writer.drain()
        await asyncio.sleep(30)

    return talk


def without_end(text: bytes, first: bytes = b"") -> Talk:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(text)
            await writer.drain()

    return talk


def dripping(text: bytes) -> Talk:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(text)
            await writer.drain()
            await asyncio.sleep(0.05)

    return talk


async def hanging_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Says nothing and goes."""


EHLO = b"250-mail.example\r\n250 AUTH LOGIN\r\n"
HOSTILE: dict[str, tuple[Talk, dict[str, Any], Fault, str]] = {
    "a banner without end": (without_end(b"220-and another thing\r\n"), {}, Fault.TOO_LARGE, "more than 64 kB"),
    "a line without end": (without_end(b"x" * 4096, b"220 "), {}, Fault.PROTOCOL, "Line too long"),
    "a slow drip": (dripping(b"2"), {}, Fault.TIMEOUT, "no end within 1 s"),
    "a slow drip of lines": (dripping(b"220-so\r\n"), {}, Fault.TIMEOUT, "no end within 1 s"),
    "silence": (lines(b""), {}, Fault.TIMEOUT, "no end within 1 s"),
    "gone at once": (hanging_up, {}, Fault.REFUSED, "hung up"),
    "another protocol": (lines(b"SSH-2.0-OpenSSH_9.2\r\n"), {}, Fault.PROTOCOL, "no words of SMTP"),
    "binary": (lines(b"\x00\xff\xfe\r\n"), {}, Fault.PROTOCOL, "no words of SMTP"),
    "no service today": (lines(b"554 not\r\n"), {}, Fault.STATUS, "greets with 554 not"),
    "EHLO refused": (lines(b"220 a\r\n", b"502 what\r\n"), {}, Fault.STATUS, "answers EHLO with 502"),
    "challenges without end": (
        lines(b"220 a\r\n", EHLO, *[b"334 dGVsbCBtZQ==\r\n"] * 20), {"user": "a", "password": "b"}, Fault.PROTOCOL,
        "infinite loop",
    ),
    "a challenge that is none": (
        lines(b"220 a\r\n", EHLO, b"334 \xff\xff=\r\n"), {"user": "a", "password": "b"}, Fault.TIMEOUT, "",
    ),
    "STARTTLS, then no TLS": (
        lines(b"220 a\r\n", b"250 STARTTLS\r\n", b"220 go\r\n250 STARTTLS\r\n", b"250 ok\r\n"), {"tls": "starttls"},
        Fault.TLS, "",
    ),
    "STARTTLS refused": (
        lines(b"220 a\r\n", b"250-a\r\n250 STARTTLS\r\n", b"454 later\r\n"), {"tls": "starttls"}, Fault.TLS,
        "454 later",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_server_costs_its_deadline_at_most(name: str) -> None:
    talk, settings, expected, said = HOSTILE[name]
    with saying(talk) as port:
        began = time.monotonic()
        reading = look(port, 1.0, **settings)
        took = time.monotonic() - began
    assert fault(reading) is expected, reading.problem
    assert said in words(reading)
    assert took < 8, "only that it ends at all"


def test_a_socket_that_gives_up_before_the_watch_does_is_late_too() -> None:
    """Both have the same deadline; smtplib calls what the socket says a server that hung up."""
    bounds = Bounds(LOOPBACK, 1.0)
    try:
        try:
            raise TimeoutError("timed out")
        except OSError as error:
            raise smtplib.SMTPServerDisconnected(f"Connection unexpectedly closed: {error}")  # noqa: B904 - as it does
    except smtplib.SMTPException as error:
        problem = bounds.problem(error, "mail.shop.example:25")
    assert problem is not None
    assert problem.fault is Fault.TIMEOUT


@pytest.mark.parametrize("last", [b"", b"x" * 100_000])
def test_a_farewell_without_answer_is_no_finding(last: bytes) -> None:
    with saying(lines(b"220 a\r\n", b"250 a\r\n", b"250 ok\r\n", last)) as port:
        reading = look(port)
    assert (reading.problem, set(reading.values)) == (None, {"time", "connect", "banner"})


def test_what_was_said_before_tls_is_forgotten(tmp_path: Path) -> None:
    """Somebody in between could have put it there: the answer after the handshake counts, and that is a refusal."""
    context = certificate(tmp_path)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 a\r\n")
        await reader.readline()
        writer.write(b"250-a\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go\r\n250 injected\r\n250 injected\r\n")
        await writer.start_tls(context)
        await reader.readline()
        writer.write(b"502 the true one\r\n")
        await writer.drain()
        await asyncio.sleep(30)

    with saying(talk) as port:
        reading = look(port, host="localhost", tls="starttls", ca_file=str(tmp_path / "cert.pem"))
    assert fault(reading) in (Fault.STATUS, Fault.TLS), "TLS when the words reached the handshake itself"
    assert "injected" not in words(reading)


@pytest.mark.parametrize(
    "settings", [{"recipient": "a@b\r\nDATA"}, {"sender": "a\nb"}, {"user": "jürgen"}, {"tls": "ssl"}, {"port": 0}]
)
def test_what_cannot_be_sent_is_said_at_once(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(settings)
