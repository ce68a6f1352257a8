"""A certificate: who signed it, for whom, for how many more days, and by which protocol it is served."""

import asyncio
import ssl
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography import x509
from pydantic import Field

from mainstay.domain.reading import Fault, Problem, Reading, late
from mainstay.domain.saying import say
from mainstay.drivers.connect import NO_HOST, NotConnected, connect, failed, tls_words
from mainstay.drivers.kinds import Strict
from mainstay.drivers.probes import Reach

METRICS = {"days": "d", "handshake": "s", "protocol": "1"}
TITLES = {
    "days": say("days left on the certificate"), "handshake": say("time to encrypt"), "protocol": say("TLS version"),
}  # fmt: skip
_PROTOCOLS = {"TLSv1": 1.0, "TLSv1.1": 1.1, "TLSv1.2": 1.2, "TLSv1.3": 1.3}


class Settings(Strict):
    """``name`` is what the certificate must be for, if that is not ``host``."""

    host: str = Field("", description="left to the component's address or url if empty")
    port: int | str = Field("", description="left to the component's url, and 443 without one")
    name: str = ""
    ca_file: str = Field("", description="trust these instead of the system's")


class Probe:
    """Looks twice: once without trust, to read the days left whatever else is wrong, and once with it."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._reach = settings, reach
        url = urlsplit(str(reach.component.get("url", "")))
        self._host = settings.host or str(reach.component.get("address", "")) or url.hostname or ""
        self._port = int(settings.port or ("" if settings.host else url.port) or 443)

    async def read(self) -> Reading:
        if not self._host:
            return Reading(problem=NO_HOST, blind=True)
        try:
            async with asyncio.timeout(self._reach.timeout):
                return await self._look()
        except TimeoutError:
            return Reading(problem=late(self._reach.timeout))
        except NotConnected as error:
            return Reading(problem=error.problem)
        except FileNotFoundError:
            detail = say("ca_file %(path)s is not there", path=self._settings.ca_file)
            return Reading(problem=Problem(Fault.SETUP, detail), blind=True)

    async def _look(self) -> Reading:
        trusting = ssl.create_default_context(cafile=self._settings.ca_file or None)
        began = time.perf_counter()
        try:
            seen, protocol = await self._handshake(trusting)
            wrong = ""
        except ssl.SSLError as error:
            wrong = tls_words(error)
            blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
            try:
                seen, protocol = await self._handshake(blind)
            except ssl.SSLError:
                return Reading(problem=Problem(Fault.TLS, wrong))
        certificate = x509.load_der_x509_certificate(seen)
        now = datetime.now(UTC)
        days = (certificate.not_valid_after_utc - now).total_seconds() / 86400
        values = {"days": days, "handshake": time.perf_counter() - began, "protocol": _PROTOCOLS.get(protocol, 0.0)}
        issuer = certificate.issuer.rfc4514_string()
        excerpt = (
            f"{certificate.subject.rfc4514_string()}, by {issuer}, until {certificate.not_valid_after_utc:%Y-%m-%d}"
        )
        return Reading(values, Problem(Fault.TLS, wrong) if wrong else None, excerpt=excerpt)

    async def _handshake(self, context: ssl.SSLContext) -> tuple[bytes, str]:
        sock = await connect(self._host, self._port, self._reach.network)
        try:
            _, writer = await asyncio.open_connection(
                sock=sock, ssl=context, server_hostname=self._settings.name or self._host
            )
        except (ssl.SSLError, ConnectionError) as error:
            sock.close()
            if isinstance(error, ssl.SSLError):
                raise
            raise failed(error, f"{self._host}:{self._port}") from None
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        certificate, protocol = tls.getpeercert(binary_form=True) or b"", tls.version() or ""
        writer.transport.abort()
        return certificate, protocol

    def close(self) -> None:
        """Nothing is kept between two looks."""
