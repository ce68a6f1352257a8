"""Metrics of real exporters and of a real Prometheus, and pages that are none."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

import pytest
from pydantic import ValidationError

from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault
from mainstay.drivers.probes import Reach
from mainstay.drivers.probes.prometheus import Probe, Settings
from tests.servers import node_exporter, prometheus

LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))


def probe(url: str, timeout: float = 5.0, network: NetworkPolicy = LOOPBACK, **settings: Any) -> Probe:
    return Probe(Settings(**settings), Reach(timeout, network, {"url": url}, lambda _key, make: make()))


@pytest.fixture(scope="module")
def exporter() -> Iterator[str]:
    with node_exporter() as url:
        yield url


class _Page(BaseHTTPRequestHandler):
    status, kind, body = 200, "text/plain", b""

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def page() -> Iterator[Any]:
    handler = type("Page", (_Page,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    handler.url = f"http://127.0.0.1:{server.server_port}/metrics"  # type: ignore[attr-defined]
    yield handler
    server.shutdown()
    server.server_close()


def test_an_exporter(exporter: str) -> None:
    looking = probe(
        exporter,
        metrics={
            "memory": "node_memory_MemTotal_bytes", "cpus": 'count(node_cpu_seconds_total{mode="idle"})',
            "idle": 'rate(node_cpu_seconds_total{mode="idle"})',
        },
    )  # fmt: skip
    first, second = looking.read(), looking.read()
    assert first.problem is None
    assert first.values["memory"] > 1e8
    assert first.values["cpus"] >= 1
    assert "idle" not in first.values, "a rate needs two looks"
    assert 0 <= second.values["idle"] <= 2 * first.values["cpus"]
    assert {"metric", "value", "cpu", "mode"} <= {key for row in second.rows for key in row}


def test_a_server(exporter: str) -> None:
    with prometheus(exporter.split("/")[2]) as url:
        found = probe(url, queries={"up": "sum(up)", "number": "scalar(vector(7))"}).read()
        assert (found.values["up"], found.values["number"]) == (1.0, 7.0)
        wrong = probe(url, queries={"up": "sum(up"}).read()
        assert wrong.problem is not None
        assert "parse error" in wrong.problem.detail
        several = probe(url, queries={"all": "node_cpu_seconds_total"}).read()
        assert several.problem is not None
        assert "series" in several.problem.detail


def test_what_is_not_there_is_missing(exporter: str) -> None:
    found = probe(exporter, metrics={"x": 'sum(node_load1{a="b"})'}).read()
    assert found.problem is not None
    assert (found.problem.fault, found.blind) == (Fault.MISSING, False)
    assert probe(exporter, metrics={"x": 'count(node_load1{a="b"})'}).read().values["x"] == 0


def test_openmetrics_too(page: Any) -> None:
    page.kind = "application/openmetrics-text; version=1.0.0"
    page.body = b'# TYPE a counter\na_total 5 # {trace_id="x"} 1.0\n# TYPE b gauge\nb{l="m"} 2 1700000000\n# EOF\n'
    assert probe(page.url, metrics={"a": "a_total", "b": "b"}).read().values.items() >= {"a": 5.0, "b": 2.0}.items()


@pytest.mark.parametrize(
    ("kind", "body", "fault"),
    [
        ("text/plain", b"a{ 5\n", Fault.PROTOCOL),
        ("text/plain", b"a five\n", Fault.PROTOCOL),
        ("application/openmetrics-text", b"a 5\n", Fault.PROTOCOL),
        ("text/html", b"<!doctype html><html><body>Sign in</body></html>", Fault.PROTOCOL),
        ("text/plain", b"a NaN\n", Fault.MISSING),
        ("text/plain", b"\xff\x00\xfe", Fault.MISSING),
        ("text/plain", b"ab 5\na_total 5\n", Fault.MISSING),
        ("text/plain", b"x" * (21 << 20), Fault.TOO_LARGE),
        ("text/plain", b"a 1\n" * 20_001, Fault.TOO_LARGE),
    ],
)
def test_pages_that_are_none(page: Any, kind: str, body: bytes, fault: Fault) -> None:
    page.kind, page.body = kind, body
    found = probe(page.url, metrics={"a": "a"}).read()
    assert found.problem is not None
    assert found.problem.fault is fault


@pytest.mark.parametrize(("status", "fault"), [(401, Fault.AUTH), (403, Fault.AUTH), (500, Fault.STATUS)])
def test_answers_that_are_none(page: Any, status: int, fault: Fault) -> None:
    page.status = status
    found = probe(page.url, metrics={"a": "a"}).read()
    assert found.problem is not None
    assert found.problem.fault is fault


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"data": {"resultType": "vector", "result": [{}]}}', b"[" * 9999]
)
def test_servers_that_are_none(page: Any, body: bytes) -> None:
    page.body = body
    found = probe(page.url.removesuffix("/metrics"), queries={"a": "a"}).read()
    assert found.problem is not None
    assert found.problem.fault is Fault.PROTOCOL


def test_the_address_is_judged(page: Any) -> None:
    found = probe(page.url, network=NetworkPolicy(()), metrics={"a": "a"}).read()
    assert found.problem is not None
    assert found.problem.fault is Fault.DENIED


@pytest.mark.parametrize("settings", [{}, {"metrics": {"a": "a"}, "queries": {"a": "a"}}, {"metrics": {"a": "a{"}}])
def test_settings_that_say_nothing(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**settings)
