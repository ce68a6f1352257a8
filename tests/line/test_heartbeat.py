"""A job reports itself over HTTP, and the checker makes a state of it."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mainstay.domain.saying import restored
from tests import servers
from tests.line.site import Site, until

SYSTEM = """
system: shop
checks:
  nightly: {probe: {kind: heartbeat, period: 1h, grace: 5m}, every: 1s, failures: 1, flapping: false}
"""
TOKEN = """
import django; django.setup()
from mainstay.catalogue.models import Check
from mainstay.domain.actor import ENGINE
from mainstay.monitoring.actions import ping_token
print(ping_token(Check.objects.get(name="nightly"), actor=ENGINE))
"""


@contextmanager
def web(site: Site) -> Iterator[str]:
    """The web process; yields its address."""
    port = servers.free_port()
    command = [sys.executable, "-m", "uvicorn", "mainstay.web.server:application", "--port", str(port)]
    with site.log("web").open("ab") as log:
        process = subprocess.Popen(command, env=site.environment, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def test_from_a_ping_to_a_state(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.apply(SYSTEM)
    token = site.run(TOKEN).strip()
    with web(site) as base, site.process("checker"):

        def ping(word: str = "", body: bytes | None = None) -> bool:
            try:
                with urllib.request.urlopen(f"{base}/ping/{token}{word}", body, timeout=10) as answer:
                    return answer.status == 200
            except urllib.error.URLError:  # it is still starting
                return False

        until(lambda: ping("/start?rid=a"))
        until(lambda: site.states().get("nightly") == "ok")
        for word, state in (("/3?rid=a", "critical"), ("/0", "ok")):
            assert ping(word, f"this is {word}".encode())
            until(lambda state=state: site.states()["nightly"] == state)
    assert [after for _, after in site.changes()["nightly"]] == ["ok", "critical", "ok"]
    ((message, evidence),) = site.rows("select message, evidence from monitoring_statechange where after = 'critical'")
    assert restored(json.loads(message)["detail"]) == "exit code 3"
    assert json.loads(evidence)["excerpt"] == "this is /3?rid=a"
    metrics = {row[0] for row in site.rows("select metric from monitoring_series")}
    assert {"late", "running", "duration", "exit_code"} <= metrics
