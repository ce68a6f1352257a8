"""The peer: Prometheus scraping through blackbox_exporter, both from Debian, in the same minutes."""

import json
import time
import urllib.parse
import urllib.request
from pathlib import Path

from bench.servers import await_port, cpu_seconds, find, free_port, running

MODULES = """
modules:
  http: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}
  tcp: {prober: tcp, timeout: 5s, tcp: {preferred_ip_protocol: ip4}}
"""


def measure(directory: Path, kind: str, target_port: int, count: int, seconds: float) -> float | None:
    """CPU milliseconds of both programs a probe, at 10 s; None when they are not installed."""
    prometheus, blackbox = find("prometheus"), find("prometheus-blackbox-exporter")
    if prometheus is None or blackbox is None:
        return None
    own = directory / f"peer-{kind}"
    own.mkdir()
    (own / "blackbox.yml").write_text(MODULES)
    door, probe_door = free_port(), free_port()
    (own / "prometheus.json").write_text(json.dumps(_configuration(kind, target_port, count, probe_door)))
    probing = [blackbox, f"--config.file={own}/blackbox.yml", f"--web.listen-address=127.0.0.1:{probe_door}"]
    scraping = [
        prometheus, f"--config.file={own}/prometheus.json", f"--storage.tsdb.path={own}/data",
        f"--web.listen-address=127.0.0.1:{door}",
    ]  # fmt: skip
    with running(probing, own / "blackbox.log") as one, running(scraping, own / "prometheus.log") as other:
        await_port(probe_door)
        await_port(door)
        time.sleep(15)  # the first round
        cpu, before = cpu_seconds(one, other), _samples(door)
        time.sleep(seconds)
        probes = (_samples(door) - before) / _samples_each(door)
        return (cpu_seconds(one, other) - cpu) / probes * 1000


def _configuration(kind: str, target_port: int, count: int, probe_door: int) -> dict[str, object]:
    prefix = "http://" if kind == "http" else ""
    path = "/?n={}" if kind == "http" else "#{}"
    targets = [f"{prefix}127.0.0.1:{target_port}{path.format(number)}" for number in range(count)]
    relabel = [
        {"source_labels": ["__address__"], "regex": "([^#]*)(#.*)?", "target_label": "__param_target"},
        {"source_labels": ["__address__"], "target_label": "instance"},
        {"target_label": "__address__", "replacement": f"127.0.0.1:{probe_door}"},
    ]
    job = {
        "job_name": "probes", "metrics_path": "/probe", "params": {"module": [kind]}, "scrape_interval": "10s",
        "scrape_timeout": "8s", "static_configs": [{"targets": targets}], "relabel_configs": relabel,
    }  # fmt: skip
    return {"scrape_configs": [job]}


def _samples(door: int) -> float:
    """Samples that Prometheus has appended so far."""
    return _ask(door, "prometheus_tsdb_head_samples_appended_total")


def _samples_each(door: int) -> float:
    """Samples of one probe."""
    return _ask(door, "avg(scrape_samples_scraped)") + 5  # up, and four about the scrape itself


def _ask(door: int, query: str) -> float:
    """Its metric page for a counter, its query page for the rest."""
    if "(" not in query:
        with urllib.request.urlopen(f"http://127.0.0.1:{door}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith(query))
    url = f"http://127.0.0.1:{door}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return float(json.load(answer)["data"]["result"][0]["value"][1])
