"""The remedies that come with packs, on what is really broken: each is allowed and applied, and found to have helped by
the check that failed, which looks for real."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mainstay.catalogue.models import Check
from mainstay.domain.actor import Role
from mainstay.domain.state import State
from mainstay.engine.runbooks import driving
from mainstay.incidents.models import Entry
from mainstay.monitoring.models import RunRequest
from mainstay.remedies import actions
from mainstay.remedies.models import Attempt
from mainstay.runbooks import actions as runbooks
from mainstay.runbooks.models import Run
from tests.line.driven import ANN, drive
from tests.line.looking import LOOPBACK, apply, look
from tests.line.on_call import people
from tests.line.shop import change, follow, stand
from tests.line.test_runbook_packs import waiting
from tests.processes import wait_for
from tests.servers import free_port, postgresql, ssh

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "NETWORK", LOOPBACK)
    from_packs = runbooks.keep_shipped()
    assert from_packs
    people("ann", role=Role.APPROVER)


def mended(name: str, remedy: str, **more: Any) -> Attempt:
    """The check fails by a real look; the remedy is applied; the check's own look says that it helped."""
    check = Check.objects.get(name=name)
    state = look()[name][0]
    assert state is not State.OK
    follow(change(check, state.value))
    stand(check, state.value)
    actions.allow("shop", remedy, days=1, reason="tried", actor=ANN, **more)
    (attempt,) = actions.begin_due(datetime.now(UTC) + timedelta(minutes=2))
    run = drive(attempt.run)
    deadline = time.monotonic() + 30
    while run.state == "running" and time.monotonic() < deadline:
        answer_looks(check)
        Run.objects.filter(pk=run.pk).update(wake_at=None)
        run.steps.filter(state="waiting").update(due=datetime.now(UTC))
        run = drive(run)
    assert run.state == "done", [(step.path, step.state, step.note, step.text) for step in run.steps.all()]
    actions.follow(datetime.now(UTC))
    answer_looks(check)
    actions.follow(datetime.now(UTC))
    attempt.refresh_from_db()
    assert attempt.outcome == "helped"
    assert Entry.objects.filter(word="remedy-helped", data__run=run.pk).exists()
    return attempt


def answer_looks(check: Check) -> None:
    """As the checker would: a look that was asked for is taken, and what it gave written down."""
    if RunRequest.objects.filter(taken_at=None).exists():
        at = datetime.now(UTC)
        stand(check, look()[check.name][0].value, at)
        RunRequest.objects.filter(taken_at=None).update(taken_at=at)


@pytest.mark.postgresql
def test_the_session_that_blocks_others_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with postgresql() as address:
        monkeypatch.setenv("BLOCKED_DSN", address)
        apply("""
system: shop
components:
  db: {kind: postgresql, dsn: "${BLOCKED_DSN}", packs: [{postgresql: {ending: db, wait_warn: 1ms, wait_crit: 2ms}}]}
""")
        with psycopg.connect(address) as holds, psycopg.connect(address, autocommit=True) as looks:
            looks.execute("create table t (n int)")
            looks.execute("insert into t values (1)")
            holds.execute("update t set n = 2")
            waits = threading.Thread(target=waiting, args=(address,))
            waits.start()
            wait_for(lambda: bool(looks.execute(BLOCKED).fetchone()))
            attempt = mended("db.locks", "db.end-blocking-session")
            waits.join(20)
            assert looks.execute("select n from t").fetchone() == (3,)
            with pytest.raises(psycopg.OperationalError):
                holds.execute("select 1")
            holds.close()
        step = attempt.run.steps.get(path="end")
        assert (step.outputs["count"], step.answers.count()) == (1, 0), "nobody was asked; the allowance covers one row"


BLOCKED = "select 1 from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0"

SERVICE = """
import http.server, sys, time
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Answers).serve_forever()
"""


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, Path]]:
    """A web service that hangs, whoever keeps it running, and the program by which its people restart it."""
    port, pid, plugins, over = free_port(), tmp_path / "pid", tmp_path / "plugins", threading.Event()
    plugins.mkdir()
    (tmp_path / "service.py").write_text(SERVICE)
    program = plugins / "restart-service"
    program.write_text(f'#!/bin/sh\n[ "$1" = shop ] && kill -9 $(cat {pid})\n')
    program.chmod(0o755)
    monkeypatch.setattr(driving, "PLUGINS", (str(plugins),))

    def keep() -> None:
        while not over.is_set():
            running = subprocess.Popen([sys.executable, tmp_path / "service.py", str(port)])
            pid.write_text(str(running.pid))
            running.wait()

    keeper = threading.Thread(target=keep)
    keeper.start()
    wait_for(lambda: answers(port))
    os.kill(int(pid.read_text()), signal.SIGSTOP)
    yield port, pid
    over.set()
    os.kill(int(pid.read_text()), signal.SIGKILL)
    keeper.join()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1) as answer:
            return bool(answer.read() == b"ok")
    except OSError:
        return False


def test_a_service_that_hangs_is_restarted_by_its_own_command(service: tuple[int, Path]) -> None:
    port, pid = service
    hung = int(pid.read_text())
    apply(f"""
system: shop
components:
  web:
    kind: http
    url: http://127.0.0.1:{port}/
    packs: [{{web-service: {{restart_command: shop, every: 1s}}}}]
checks:
  web.answer: {{timeout: 1s}}
""")
    mended("web.answer", "web.restart-by-command")
    wait_for(lambda: answers(port))
    assert int(pid.read_text()) != hung


class Cached(BaseHTTPRequestHandler):
    """Answers what it remembers; forgets when told."""

    remembered = b"an old page"

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(type(self).remembered)

    def do_POST(self) -> None:
        if self.path == "/admin/forget":
            type(self).remembered = b"a fresh page"
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        return


def test_a_cache_is_cleared() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Cached) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}"
        apply(f"""
system: shop
components:
  web: {{kind: http, url: "{here}/", packs: [{{web-service: {{contains: fresh, cache: forget}}}}]}}
  forget: {{kind: http, url: "{here}/admin/forget"}}
""")
        mended("web.answer", "web.clear-cache")
        server.shutdown()


def test_old_files_are_removed_from_a_full_directory(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    (spool / "deep").mkdir(parents=True)
    week = time.time() - 9 * 86_400
    for number in range(3):
        old = spool / "deep" / f"{number}.bin"
        old.write_bytes(bytes(300_000))
        os.utime(old, (week, week))
    (spool / "new.bin").write_bytes(bytes(50_000))
    kept = tmp_path / "kept.bin"
    kept.write_bytes(b"not below it")
    os.utime(kept, (week, week))
    with ssh() as door:
        apply(f"""
system: shop
components:
  host: {{kind: host, address: 127.0.0.1, user: {door.user}, port: {door.port}, key_file: {door.key_file},
    host_key: "{door.host_key}"}}
checks:
  room: {{probe: {{kind: file, on: host, directory: {spool}, quota: 1000000}}, crit: "used > 90%", every: 10s}}
remedies:
  make-room: {{checks: room, runbook: remove-old-files, inputs: {{directory: {spool}, days: 7}}}}
""")
        attempt = mended("room", "make-room")
    assert sorted(path.name for path in spool.rglob("*") if path.is_file()) == ["new.bin"]
    assert kept.exists()
    assert "0.bin" in attempt.run.steps.get(path="remove").text
