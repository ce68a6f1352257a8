"""SMTP: does a mail server greet, speak TLS, let an account in, and take mail for an address. No mail is ever sent."""

import contextlib
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import BinaryIO, Literal

from cryptography import x509
from pydantic import Field, field_validator

from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import changed, say
from mainstay.drivers.connect import NO_HOST
from mainstay.drivers.foreign import at
from mainstay.drivers.kinds import Strict
from mainstay.drivers.outward import Bounds, bounded
from mainstay.drivers.probes import Reach

BLOCKING = True
METRICS = {"time": "s", "connect": "s", "banner": "s", "days_left": "d"}
TITLES = {
    "time": say("time of the whole conversation"), "connect": say("time to connect"),
    "banner": say("time to the greeting"), "days_left": say("days left on the certificate"),
}  # fmt: skip

MOST = 65_536
"""Bytes that a server may say in one look."""
_FAREWELL = 1.0
"""Seconds that an answer to QUIT may take."""
_SHOWN = 200
_SIGN_INS = ("CRAM-MD5", "PLAIN", "LOGIN")


class Settings(Strict):
    """With ``recipient`` the server is asked whether it takes mail for it; then all is taken back."""

    host: str = Field("", description="left to the component's address if empty")
    port: int | None = Field(None, ge=1, le=65535, description="25, or 465 with implicit TLS, if left out")
    tls: Literal["none", "starttls", "implicit"] = "none"
    verify: bool = Field(True, description="check the certificate; without it anybody can answer")
    ca_file: str = Field("", description="trust these instead of the system's")
    user: str = ""
    password: str = Field("", description="write a ${SECRET}")
    sender: str = Field("", description="whom the mail would be from; empty: nobody, as in a bounce")
    recipient: str = Field("", description="ask whether mail for this address is taken")

    @field_validator("user", "sender", "recipient")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable() or not value.isascii():
            raise ValueError("this may hold printable ASCII only; write it as the server knows it")
        return value


class _Amiss(Exception):
    """``problem`` says what is wrong with the server."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(fault, detail)


class Probe:
    """Connects anew for each look."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._reach = settings, reach
        self._host = settings.host or str(reach.component.get("address", ""))
        self._port = settings.port or (465 if settings.tls == "implicit" else 25)
        self._where = f"{self._host}:{self._port}"

    def read(self) -> Reading:
        if not self._host:
            return Reading(problem=NO_HOST, blind=True)
        try:
            context = _trust(self._settings)
        except OSError:
            detail = say("ca_file %(path)s holds no certificates that can be read", path=self._settings.ca_file)
            return Reading(problem=Problem(Fault.SETUP, detail), blind=True)
        values: dict[str, float] = {}
        with bounded(self._reach.network, self._reach.timeout) as bounds:
            try:
                self._visit(context, values)
                return Reading(values)
            except (_Amiss, smtplib.SMTPException, OSError, ValueError) as error:
                return Reading(values, self._problem(error, bounds))

    def _visit(self, context: ssl.SSLContext, values: dict[str, float]) -> None:
        """The whole conversation, in its order."""
        settings, talk = self._settings, _Talk(self._host, self._reach.timeout, context)
        began = time.perf_counter()
        try:
            talk.connect(self._port, values)
            if settings.tls == "implicit":
                talk.secure(values)
            talk.greeting(values)
            talk.hello()
            if settings.tls == "starttls":
                talk.start_tls()
                talk.secure(values)
                talk.hello()
            if settings.user:
                talk.sign_in(settings.user, settings.password)
            if settings.recipient:
                talk.offer(settings.sender, settings.recipient)
            else:
                talk.expect("NOOP")
            values["time"] = time.perf_counter() - began
            talk.quit()
        finally:
            talk.close()

    def _problem(self, error: Exception, bounds: Bounds) -> Problem:
        if on_the_way := bounds.problem(error, self._where):
            return on_the_way
        found = error.problem if isinstance(error, _Amiss) else _named(error)
        secret = self._settings.password
        hidden = changed(found.detail, lambda text: text.replace(secret, "…")) if secret else found.detail
        return Problem(found.fault, at(self._where, hidden))

    def close(self) -> None:
        """Nothing is kept between two looks."""


def _named(error: Exception) -> Problem:
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return Problem(Fault.REFUSED, say("it hung up"))
    if isinstance(error, smtplib.SMTPResponseException):
        return Problem(Fault.PROTOCOL, _words(error.smtp_code, error.smtp_error))
    return Problem(Fault.PROTOCOL, str(error)[:_SHOWN])


def _trust(settings: Settings) -> ssl.SSLContext:
    """Raises OSError for a file that cannot be used. Reading the system's certificates takes 50 ms of CPU."""
    if settings.tls == "none":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.create_default_context(cafile=settings.ca_file or None)
    if not settings.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class _Ear:
    """What smtplib reads from: so much, and no more."""

    def __init__(self, heard: BinaryIO, left: int) -> None:
        self._heard, self.left = heard, left

    def readline(self, size: int) -> bytes:
        line = self._heard.readline(size)
        self.left -= len(line)
        if self.left < 0:
            raise _Amiss(Fault.TOO_LARGE, say("it said more than %(size)s kB", size=MOST // 1024))
        return line

    def close(self) -> None:
        self._heard.close()


class _Talk:
    """One conversation. Raises _Amiss, and what smtplib and the operating system raise."""

    def __init__(self, host: str, seconds: float, context: ssl.SSLContext) -> None:
        self._host, self._seconds, self._context = host, seconds, context
        self._client = smtplib.SMTP(local_hostname="")
        self._ear: _Ear | None = None

    def connect(self, port: int, values: dict[str, float]) -> None:
        began = time.perf_counter()
        sock = socket.create_connection((self._host, port), self._seconds)
        values["connect"] = time.perf_counter() - began
        self._listen(sock)
        own = sock.getsockname()[0]
        self._client.local_hostname = f"[IPv6:{own}]" if ":" in own else f"[{own}]"

    def _listen(self, sock: socket.socket) -> None:
        """What was heard before and not yet read is dropped: before TLS, anybody may have said it."""
        left = MOST
        if self._ear is not None:
            left = self._ear.left
            self._ear.close()
        self._ear = _Ear(sock.makefile("rb"), left)
        self._client.sock, self._client.file = sock, self._ear

    def secure(self, values: dict[str, float]) -> None:
        line = self._client.sock
        assert line is not None  # noqa: S101 - connected before
        tls = self._context.wrap_socket(line, server_hostname=self._host)
        self._listen(tls)
        certificate = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
        values["days_left"] = (certificate.not_valid_after_utc - datetime.now(UTC)).total_seconds() / 86_400

    def greeting(self, values: dict[str, float]) -> None:
        began = time.perf_counter()
        _accepted(self._client.getreply(), lambda answer: say("greets with %(answer)s", answer=answer), (220,))
        values["banner"] = time.perf_counter() - began

    def hello(self) -> None:
        _accepted(self._client.ehlo(), _answers("EHLO"), (250,))

    def start_tls(self) -> None:
        if not self._client.has_extn("starttls"):
            raise _Amiss(Fault.TLS, say("it offers no STARTTLS"))
        _accepted(self._client.docmd("STARTTLS"), _answers("STARTTLS"), (220,), Fault.TLS)

    def sign_in(self, user: str, password: str) -> None:
        """By one way only: each failure counts against the account."""
        offered = self._client.esmtp_features.get("auth", "").upper().split()
        way = next((one for one in _SIGN_INS if one in offered), "")
        if not way:
            raise _Amiss(Fault.AUTH, say("it offers no sign-in of %(known)s", known=", ".join(_SIGN_INS)))
        client = self._client
        client.user, client.password = user, password
        try:
            client.auth(way, getattr(client, "auth_" + way.lower().replace("-", "_")))
        except smtplib.SMTPAuthenticationError as error:  # its words may hold what was sent
            raise _Amiss(Fault.AUTH, say("it refused the account: %(code)s", code=error.smtp_code)) from None
        except UnicodeEncodeError:
            raise _Amiss(Fault.AUTH, say("the password holds letters that cannot be sent; use ASCII")) from None

    def offer(self, sender: str, recipient: str) -> None:
        """What would come before a mail, and back again."""
        _accepted(self._client.mail(sender), partial(_of_sender, sender), (250,))
        _accepted(self._client.rcpt(recipient), partial(_of_recipient, recipient), (250, 251))
        self.expect("RSET")

    def expect(self, command: str) -> None:
        _accepted(self._client.docmd(command), _answers(command), (250,))

    def quit(self) -> None:
        """A farewell that goes unanswered harms nobody."""
        with contextlib.suppress(_Amiss, smtplib.SMTPException, OSError):
            if self._client.sock is not None:
                self._client.sock.settimeout(_FAREWELL)
            self._client.docmd("QUIT")

    def close(self) -> None:
        self._client.close()


Told = Callable[[str], str]
"""What is said of a server that answered so."""


def _answers(command: str) -> Told:
    return lambda answer: say("answers %(command)s with %(answer)s", command=command, answer=answer)


def _of_sender(sender: str, answer: str) -> str:
    return say("answers the sender <%(address)s> with %(answer)s", address=sender, answer=answer)


def _of_recipient(recipient: str, answer: str) -> str:
    return say("answers the recipient <%(address)s> with %(answer)s", address=recipient, answer=answer)


def _accepted(reply: tuple[int, bytes], told: Told, wanted: tuple[int, ...], fault: Fault = Fault.STATUS) -> None:
    """Raises _Amiss with the fault for any other code."""
    code, text = reply
    if code == -1:
        raise _Amiss(Fault.PROTOCOL, told(say("no words of SMTP: %(text)s", text=repr(text[:_SHOWN]))))
    if code not in wanted:
        raise _Amiss(fault, told(_words(code, text)))


def _words(code: int, text: bytes | str) -> str:
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(plain.split())}"[:_SHOWN]
