"""The pack for web services, on a real nginx: plain and with a certificate, healthy and broken."""

import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.line.looking import apply, complaints, look

CONFIGURATION = """\
daemon off; master_process off; worker_processes 1; pid {here}/pid; error_log {here}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {here}/body; proxy_temp_path {here}/proxy; fastcgi_temp_path {here}/fastcgi;
  uwsgi_temp_path {here}/uwsgi; scgi_temp_path {here}/scgi;
  server {{
    listen 127.0.0.1:{plain}; listen 127.0.0.1:{secure} ssl;
    ssl_certificate {here}/server.pem; ssl_certificate_key {here}/server.key;
    location / {{ return 200 "Welcome to the shop"; }}
    location /broken {{ return 500 "no database"; }}
    location /moved {{ return 302 /; }}
  }}
}}
"""
CATALOGUE = """\
system: shop
components:
  web:
    kind: http
    url: "{scheme}://localhost:{port}{path}"
    packs: [{{web-service: {{contains: "{contains}", ca_file: "{ca}"}}}}]
"""


def _ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Nginx:
    def __init__(self, here: Path) -> None:
        self.here = here
        self.plain, self.secure = _ports(2)
        (here / "nginx.conf").write_text(CONFIGURATION.format(here=here, plain=self.plain, secure=self.secure))
        self._process: subprocess.Popen[bytes] | None = None

    def certify(self, days: float) -> None:
        """A certificate signed by itself, for localhost."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=30))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        (self.here / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (self.here / "server.key").write_bytes(secret)

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["nginx", "-p", str(self.here), "-c", str(self.here / "nginx.conf")], stderr=subprocess.DEVNULL
        )
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.secure), timeout=1).close()
                break
            except OSError:
                assert self._process.poll() is None, (self.here / "error.log").read_text()
                time.sleep(0.02)

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def text(self, path: str = "/", contains: str = "Welcome", *, secure: bool = False) -> str:
        return CATALOGUE.format(
            scheme="https" if secure else "http",
            port=self.secure if secure else self.plain,
            path=path,
            contains=contains,
            ca=self.here / "server.pem" if secure else "",
        )


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    tmp_path.chmod(0o755)
    found = Nginx(tmp_path)
    found.certify(days=90)
    found.start()
    yield found
    found.stop()


pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/moved"])
def test_a_healthy_service_gives_no_complaint(nginx: Nginx, path: str) -> None:
    apply(nginx.text(path))
    assert set(look()) == {"web.answer"}
    assert complaints() == set()
    apply(nginx.text(path, secure=True))
    found = look()
    assert set(found) == {"web.answer", "web.certificate"}
    assert {name: (state, reading) for name, (state, reading) in found.items() if state != "ok"} == {}
    assert 88 < found["web.certificate"][1].values["days"] < 91


def test_a_broken_service_is_found(nginx: Nginx) -> None:
    apply(nginx.text("/broken"))
    assert complaints() == {"web.answer"}
    apply(nginx.text(contains="Goodbye"))
    assert complaints() == {"web.answer"}


def test_a_stopped_service_is_found(nginx: Nginx) -> None:
    apply(nginx.text())
    nginx.stop()
    state, reading = look()["web.answer"]
    assert state == "critical"
    assert reading.problem is not None
    assert reading.problem.fault == "refused"


@pytest.mark.parametrize(("days", "state"), [(60, "ok"), (15, "warning"), (3, "critical")])
def test_a_certificate_about_to_expire_is_found(nginx: Nginx, days: int, state: str) -> None:
    nginx.stop()
    nginx.certify(days)
    nginx.start()
    apply(nginx.text(secure=True))
    found = look()
    assert found["web.certificate"][0] == state
    assert found["web.answer"][0] == "ok"


def test_a_certificate_that_nobody_trusts_is_found(nginx: Nginx) -> None:
    apply(nginx.text(secure=True).replace("server.pem", "other.pem"))
    (nginx.here / "other.pem").write_bytes((nginx.here / "server.pem").read_bytes())
    nginx.stop()
    nginx.certify(days=90)
    nginx.start()
    assert complaints() == {"web.answer", "web.certificate"}
