"""A storm of alerts behind one switch, told to Mainstay and to a real Alertmanager at the same pace: the time to the
first message, the CPU, the messages, and how the pages are meanwhile."""

import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

from bench.servers import await_port, cpu_seconds, find, free_port, running

HOSTS, BATCH, SETTLE = 199, 200, 5
IDLE = 10.0
"""Seconds in which it is measured what the programs take when nothing happens."""
PATIENCE = 120.0
CALM = 15.0
"""Seconds after the last alert, for what is still to be told."""


@dataclass(frozen=True, slots=True)
class Storm:
    """Seconds; ``cpu`` beyond what the same programs take when idle. ``page`` are the 95th of 100 answers, in seconds;
    ``accounted`` are alerts that are found again in an incident that runs. None: not measured."""

    alerts: int
    seconds: float
    first: float
    cpu: float
    idle: float
    messages: int
    incidents: int
    accounted: int
    page: float
    peer_first: float | None
    peer_cpu: float | None
    peer_messages: int | None


def measure(directory: Path, count: int, seconds: float) -> Storm:
    """``count`` alerts within ``seconds``, in posts of BATCH; Alertmanager after it, grouping as we do."""
    own = directory / "storm"
    own.mkdir()
    with _receiver() as (hook, heard):
        environment = {"MAINSTAY_WORKSPACE": str(own), "MAINSTAY_PORT": str(free_port())}
        (own / "mainstay.toml").write_text('[networks]\nnotices = ["127.0.0.0/8"]\nallowed = ["127.0.0.0/8"]\n')
        doors = _asked(environment, str(HOSTS), hook)
        ours = _ours(own, environment, doors, heard, (count, seconds))
        left = _asked(environment, "count")
    print(f"storm: {left['ever']} incidents ever, {left['running']} run; {'; '.join(left['deliveries'])}")
    theirs = _peer(directory, (count, seconds))
    first, cpu, idle, messages, page = ours
    return Storm(
        count, seconds, first, cpu, idle, messages, left["running"], left["in_incidents"], page,
        *(theirs or (None, None, None)),
    )  # fmt: skip


def said(found: Storm) -> str:
    """In a line or two."""
    ours = (
        f"storm: {found.alerts} alerts in {found.seconds:.0f} s: {found.incidents} incidents, "
        f"{found.messages} messages, the first after {found.first:.1f} s; {found.cpu:.2f} s CPU, "
        f"idle {found.idle:.2f}; pages {found.page * 1000:.0f} ms, {found.accounted} accounted for"
    )
    if found.peer_cpu is None:
        return f"{ours}\nstorm: no peer here (Debian package prometheus-alertmanager)"
    return (
        f"{ours}\nstorm: Alertmanager {found.peer_messages} messages, the first after {found.peer_first:.1f} s; "
        f"{found.peer_cpu:.2f} s CPU"
    )


def _asked(environment: dict[str, str], *words: str) -> Any:
    command = [sys.executable, "-m", "bench.storm_site", *words]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def _ours(
    own: Path, environment: dict[str, str], doors: dict[str, str], heard: list[float], size: tuple[int, float]
) -> tuple[float, float, float, int, float]:
    port = int(environment["MAINSTAY_PORT"])
    web = [
        sys.executable, "-m", "uvicorn", "mainstay.web.server:application", "--host", "127.0.0.1", "--port", str(port),
        "--log-level", "warning", "--no-access-log", "--no-server-header",
    ]  # fmt: skip
    engine = [sys.executable, "-m", "mainstay.engine.main"]
    with running(web, own / "web.log", environment) as one, running(engine, own / "engine.log", environment) as two:
        await_port(port, PATIENCE)
        cookie = f"mainstay={doors['session']}"
        _page(port, cookie)  # the first page of a process is slow for everybody
        time.sleep(5)
        over, times = threading.Event(), list[float]()
        looking = threading.Thread(target=_look, args=(port, cookie, over, times))
        post = _poster(port, "/api/v1/alertmanager", doors["token"], lambda alerts: {"alerts": alerts})
        idle = _idle([one, two])
        looking.start()
        first, cpu = _blow(post, heard, [one, two], idle, size)
        over.set()
        looking.join()
    spent_on_pages = _page_cost(times)
    return first, cpu - spent_on_pages, idle, len(heard), sorted(times)[int(0.95 * len(times))]


def _page_cost(times: Sequence[float]) -> float:
    """What the pages that were looked at took is not the storm's; most of their time is CPU of the web process."""
    return sorted(times)[len(times) // 2] * len(times)


def _peer(directory: Path, size: tuple[int, float]) -> tuple[float, float, int] | None:
    """Alertmanager, grouping by the site and waiting as long as we do before it tells."""
    program = find("prometheus-alertmanager")
    if program is None:
        return None
    own, port = directory / "storm-peer", free_port()
    own.mkdir()
    with _receiver() as (hook, heard):
        (own / "alertmanager.yml").write_text(
            f"route: {{receiver: it, group_by: [mainstay_system], group_wait: {SETTLE}s, group_interval: 5m}}\n"
            f"receivers: [{{name: it, webhook_configs: [{{url: '{hook}', send_resolved: true}}]}}]\n"
        )
        command = [
            program, f"--config.file={own}/alertmanager.yml", f"--storage.path={own}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
        ]  # fmt: skip
        with running(command, own / "log") as one:
            await_port(port, PATIENCE)
            time.sleep(2)
            post = _poster(port, "/api/v2/alerts", "", lambda alerts: alerts)
            first, cpu = _blow(post, heard, [one], _idle([one]), size)
        return first, cpu, len(heard)


def _idle(processes: Sequence[psutil.Process]) -> float:
    """CPU seconds in IDLE."""
    before = cpu_seconds(*processes)
    time.sleep(IDLE)
    return cpu_seconds(*processes) - before


def _blow(
    post: Callable[[list[dict[str, Any]]], None], heard: list[float], processes: Sequence[psutil.Process],
    idle: float, size: tuple[int, float],
) -> tuple[float, float]:  # fmt: skip
    """Seconds to the first message, and CPU seconds beyond the idle."""
    count, seconds = size
    alerts = _alerts(count)
    posts = [alerts[start : start + BATCH] for start in range(0, count, BATCH)]
    began, cpu = time.monotonic(), cpu_seconds(*processes)
    for number, some in enumerate(posts):
        time.sleep(max(0.0, began + number * seconds / len(posts) - time.monotonic()))
        post(some)
    time.sleep(max(0.0, began + seconds + CALM - time.monotonic()))
    lasted = time.monotonic() - began
    spent = cpu_seconds(*processes) - cpu - idle * lasted / IDLE
    return (heard[0] - began if heard else float("inf")), spent


def _alerts(count: int) -> list[dict[str, Any]]:
    """All components by turns, in no order; each with what a usual rule says."""
    now = datetime.now(UTC).isoformat()
    found = [
        {
            "status": "firing", "startsAt": now, "generatorURL": "http://prometheus.example/graph",
            "labels": {
                "alertname": f"Rule{number // (HOSTS + 1)}", "severity": "critical", "job": "node",
                "instance": f"{name}.example:9100", "mainstay_system": "site", "mainstay_component": name,
            },
            "annotations": {"summary": f"{name}: rule {number // (HOSTS + 1)} fires", "description": "no answer"},
        }
        for number in range(count)
        for name in ["switch" if number % (HOSTS + 1) == 0 else f"host-{number % (HOSTS + 1)}"]
    ]  # fmt: skip
    random.Random(11).shuffle(found)
    return found


def _poster(
    port: int, path: str, token: str, shape: Callable[[list[dict[str, Any]]], Any]
) -> Callable[[list[dict[str, Any]]], None]:
    def post(alerts: list[dict[str, Any]]) -> None:
        door = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        door.request("POST", path, json.dumps(shape(alerts)), headers)
        answer = door.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {text[:200]!r}")
        door.close()

    return post


def _look(port: int, cookie: str, over: threading.Event, times: list[float]) -> None:
    while not over.wait(0.5):
        times.append(_page(port, cookie))


def _page(port: int, cookie: str) -> float:
    """Seconds that the list of incidents takes."""
    began = time.monotonic()
    door = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    door.request("GET", "/incidents/", headers={"Cookie": cookie})
    answer = door.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"the page answered {answer.status}")
    door.close()
    return time.monotonic() - began


@contextmanager
def _receiver() -> Iterator[tuple[str, list[float]]]:
    """Where messages come to; when each came."""
    heard: list[float] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            heard.append(time.monotonic())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", heard
        server.shutdown()
