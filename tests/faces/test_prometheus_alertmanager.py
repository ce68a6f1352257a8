"""A real Prometheus scrapes Mainstay, and a real Alertmanager tells it of alerts."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from tests import servers
from tests.faces.running import LOOPBACK, Workspace, until

SYSTEM = "system: shop\nchecks:\n  home: {probe: {kind: tcp, host: 127.0.0.1, port: 1}, every: 1s}\n"


@pytest.fixture(scope="module")
def mainstay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "catalogue").mkdir()
    (folder / "catalogue" / "shop.yaml").write_text(SYSTEM)
    (folder / "mainstay.toml").write_text(LOOPBACK)
    workspace = Workspace(folder)
    workspace.done("migrate")
    workspace.done("apply")
    with workspace.up():
        yield workspace


def test_a_real_prometheus_scrapes(mainstay: Workspace) -> None:
    with servers.prometheus(f"127.0.0.1:{mainstay.port}") as prometheus:

        def asked(query: str) -> dict[str, float]:
            with urllib.request.urlopen(f"{prometheus}/api/v1/query?query={quote(query)}", timeout=10) as answer:
                rows = json.load(answer)["data"]["result"]
            return {
                row["metric"].get("state") or row["metric"].get("process", ""): float(row["value"][1]) for row in rows
            }

        assert asked("up") == {"": 1.0}
        until(lambda: asked("mainstay_checks") == {"ok": 0, "warning": 0, "critical": 1, "unknown": 0})
        assert {"checker", "engine"} <= until(lambda: asked("mainstay_pulse_age_seconds")).keys()
        assert asked("scrape_samples_scraped")[""] > 5


def test_a_real_alertmanager_tells(mainstay: Workspace) -> None:
    token = mainstay.json("token", "create", "bell", "--role", "operator", "--scope", "alert.receive")["token"]
    with servers.alertmanager(f"{mainstay.url}/api/v1/alertmanager", token) as alertmanager:
        firing(alertmanager, ends=timedelta(hours=1))
        until(lambda: "DiskFull" in titles(mainstay))
        firing(alertmanager, ends=timedelta(hours=1))
        firing(alertmanager, ends=timedelta(seconds=-1))
        until(lambda: "DiskFull" not in titles(mainstay))
    (whole,) = [one for one in mainstay.json("incident", "list", "--all")["items"] if one["title"]["en"] == "DiskFull"]
    assert (whole["system"], whole["state"]) == ("shop", "resolved")


def titles(mainstay: Workspace) -> list[str]:
    return [incident["title"]["en"] for incident in mainstay.json("incident", "list")["items"]]


def firing(alertmanager: str, ends: timedelta) -> None:
    now = datetime.now(UTC)
    alert = {
        "labels": {"alertname": "DiskFull", "severity": "critical", "mainstay_system": "shop"},
        "startsAt": (now - timedelta(minutes=1)).isoformat(), "endsAt": (now + ends).isoformat(),
    }  # fmt: skip
    request = urllib.request.Request(
        f"{alertmanager}/api/v2/alerts", json.dumps([alert]).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=10).close()
