"""Every fault does what it says and can be taken back. What it trips: ``test_pack.py`` for the data."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.estate.conftest import CHECKOUT, Running, estate_command, eventually

pytestmark = pytest.mark.estate


def listed(*args: str) -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        estate_command("faults", "--json", *args), cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    return {row["name"]: row for row in json.loads(done.stdout)}


@contextmanager
def broken(estate: Running, *names: str) -> Iterator[None]:
    try:
        estate.do("break", *names)
        told = estate.do("break", *names, "--json").splitlines()
        assert list(map(json.loads, told)) == [{"name": name, "broken": True} for name in names], "twice is once"
        assert all(row["broken"] for row in _now(estate, names))
        yield
    finally:
        estate.do("mend", *names)
        estate.do("mend", *names)
    assert not any(row["broken"] for row in _now(estate, names))


def _now(estate: Running, names: tuple[str, ...]) -> list[dict[str, Any]]:
    known = listed("--dir", str(estate.folder))
    return [known[name] for name in names]


def ask(estate: Running) -> tuple[int, float]:
    """Status and seconds of one small request to the ERP."""
    body = b'{"id": 1, "method": "common.server.version", "params": []}'
    request = urllib.request.Request(estate.facts["erp_url"] + "rpc/", body, {"Content-Type": "application/json"})
    started = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status = int(answer.status)
    except urllib.error.HTTPError as refused:
        status = refused.code
    return status, time.monotonic() - started


def reads_orders(estate: Running) -> bool:
    try:
        with psycopg.connect(estate.facts["database_dsn"], connect_timeout=3) as db:
            db.execute("SET statement_timeout = '2s'")
            db.execute("SELECT count(*) FROM sale_sale")
    except psycopg.Error:
        return False
    return True


def test_the_database_goes_down_stays_down_and_returns(estate: Running) -> None:
    with broken(estate, "database-down"):
        time.sleep(2)
        assert not reads_orders(estate)
    assert reads_orders(estate)
    eventually(lambda: ask(estate)[0] == 200)


def test_a_lock_makes_readers_of_orders_wait(estate: Running) -> None:
    with broken(estate, "database-slow"):
        assert not reads_orders(estate)
    eventually(lambda: reads_orders(estate))


def has_no_room(estate: Running) -> bool:
    try:
        psycopg.connect(estate.facts["database_dsn"], connect_timeout=3).close()
    except psycopg.OperationalError as error:
        return "too many" in str(error) or "remaining connection" in str(error)
    return False


def test_connections_run_out(estate: Running) -> None:
    with broken(estate, "connections-exhausted"):
        eventually(lambda: has_no_room(estate))
        with psycopg.connect(estate.facts["admin_dsn"], connect_timeout=3):
            pass
    eventually(lambda: reads_orders(estate))


def test_the_erp_goes_down_stays_down_and_returns(estate: Running) -> None:
    with broken(estate, "app-down"):
        time.sleep(2)
        assert ask(estate)[0] == 502
    eventually(lambda: ask(estate)[0] == 200)
    assert all(estate.facts["pids"].values())


def test_the_erp_answers_slowly(estate: Running) -> None:
    with broken(estate, "app-slow"):
        eventually(lambda: ask(estate)[1] > 2.5, 5)
    eventually(lambda: ask(estate)[1] < 1.0)


def test_the_certificate_is_about_to_expire(estate: Running) -> None:
    def days_left() -> float:
        context = ssl.create_default_context(cafile=estate.facts["ca_file"])
        port = estate.facts["ports"]["front_tls"]
        with (
            socket.create_connection(("127.0.0.1", port)) as raw,
            context.wrap_socket(raw, server_hostname="localhost") as door,
        ):
            expires = ssl.cert_time_to_seconds(door.getpeercert()["notAfter"])  # type: ignore[index,arg-type]
        return (expires - time.time()) / 86400

    with broken(estate, "certificate-expiring"):
        eventually(lambda: 2.9 < days_left() < 3.1, 5)
    eventually(lambda: days_left() > 300, 5)


def test_the_disk_fills_up(estate: Running) -> None:
    folder = Path(estate.facts["disk_dir"])

    def share() -> float:
        quota = estate.facts["disk_quota_bytes"]
        if quota is None:
            usage = shutil.disk_usage(folder)
            return usage.used / usage.total
        return sum(path.stat().st_size for path in folder.iterdir()) / int(quota)

    assert share() < 0.5
    with broken(estate, "disk-nearly-full"):
        assert share() > 0.95
    assert share() < 0.5


def test_the_processors_burn_and_cool(estate: Running) -> None:
    with broken(estate, "cpu-burning"):
        state = json.loads((estate.folder / "faults" / "cpu-burning.json").read_text())
        helper = state["helper_pid"]
        assert Path(f"/proc/{helper}").exists()
    eventually(lambda: not Path(f"/proc/{helper}").exists(), 5)
