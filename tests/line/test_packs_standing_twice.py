"""The packs for what stands twice, on the real things: a balancer's members, and a message server's queues."""

import socket
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests import mortal, servers
from tests.line.looking import apply, complaints, look
from tests.line.site import until

pytestmark = pytest.mark.django_db
BALANCER = """\
defaults
    mode http
    timeout connect 1s
    timeout client 1m
    timeout server 1m
frontend figures
    bind 127.0.0.1:{figures}
    http-request use-service prometheus-exporter
backend shop
    default-server inter 100ms fall 1 rise 1
    server one 127.0.0.1:{one} check
    server two 127.0.0.1:{two} check
"""
SHOP = """\
system: shop
components:
  balancer: {{kind: http, url: "http://127.0.0.1:{figures}/metrics", packs: [{{haproxy: {{backend: shop}}}}]}}
"""


class Member(BaseHTTPRequestHandler):
    server: "Listening"

    def do_GET(self) -> None:
        self.send_response(503 if self.server.refused and self.server.refused in self.path else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


class Listening(ThreadingHTTPServer):
    """Says that all is well, but where the path holds what is ``refused``."""

    def __init__(self, refused: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Member)
        self.refused = refused
        Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


def worst() -> dict[str, str]:
    """How what is not well stands."""
    return {name: state.value for name, (state, _) in look().items() if state != "ok"}


def listens(port: int) -> bool:
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


def test_members_that_go_are_seen() -> None:
    one, two, figures = Listening(), Listening(), servers.free_port()
    with servers.directory("balancer") as here, closing(one):
        (here / "haproxy.cfg").write_text(BALANCER.format(figures=figures, one=one.server_port, two=two.server_port))
        command = [servers.program("haproxy"), "-db", "-f", str(here / "haproxy.cfg")]
        balancer = mortal.Mortal(command, here / "log", lambda: listens(figures), {})
        balancer.start()
        try:
            apply(SHOP.format(figures=figures))
            until(lambda: complaints() == set())
            two.close()
            until(lambda: worst() == {"balancer.members": "warning"})
            one.close()
            until(lambda: worst() == {"balancer.members": "critical"})
        finally:
            balancer.kill()


BUS = """\
system: shop
components:
  bus: {{kind: http, url: "{url}", packs: [{{rabbitmq: {{url: "{url}", user: guest, password: "${{BUS_PASSWORD}}"}}}}]}}
"""


def test_a_real_rabbitmq_that_is_well_and_one_that_may_not_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is a double, for it takes three machines to come to that."""
    monkeypatch.setenv("BUS_PASSWORD", "guest")
    with servers.rabbitmq() as url:
        apply(BUS.format(url=url))
        until(lambda: complaints() == set())
        monkeypatch.setenv("BUS_PASSWORD", "wrong")
        assert complaints() == {"bus.answers", "bus.mirrors", "bus.quorum"}
    with closing(Listening(refused="quorum")) as double:
        apply(BUS.format(url=f"http://127.0.0.1:{double.server_port}"))
        assert worst() == {"bus.quorum": "critical"}
