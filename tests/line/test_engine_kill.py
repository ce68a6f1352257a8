"""The engine is killed in the middle of a receiver's answer, again and again: nothing is lost, copies share a key."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

COUNT, KILLS = 12, 3
PREPARE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from datetime import UTC, datetime
from mainstay.catalogue.models import Channel
from mainstay.notices.actions import announce
Channel.objects.create(name="hook", kind="webhook", settings={{"url": {url!r}}}, document={{"language": "en"}})
for number in range({count}):
    announce(None, "head", datetime.now(UTC), {{"number": number, "digest": "d"}}, level=1)
"""
FREE = """
import django
django.setup()
from mainstay.notices.models import Delivery
print(Delivery.objects.filter(sent_at=None).update(leased_until=None))
"""


class Receiver(ThreadingHTTPServer):
    """Takes webhooks; calls ``on_arrival`` before it answers."""

    daemon_threads = True

    def __init__(self) -> None:
        self.arrived: list[tuple[str, int]] = []
        self.on_arrival: Callable[[], None] = lambda: None
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), Hook)

    def take(self, key: str, number: int) -> None:
        with self.lock:
            self.arrived.append((key, number))
            self.on_arrival()

    def handle_error(self, request: object, client_address: object) -> None:
        """Who was killed does not wait for an answer."""


class Hook(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.take(self.headers["Idempotency-Key"], body["number"])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def run(workspace: Path, script: str) -> str:
    command = [sys.executable, "-c", script]
    return subprocess.run(command, env=environment(workspace), check=True, capture_output=True, text=True).stdout


def environment(workspace: Path) -> dict[str, str]:
    return {**os.environ, "MAINSTAY_WORKSPACE": str(workspace), "DJANGO_SETTINGS_MODULE": "mainstay.settings"}


def engine(workspace: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mainstay.engine.main"]
    return subprocess.Popen(command, env=environment(workspace), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_no_notice_is_lost_to_a_kill(tmp_path: Path, receiver: Receiver) -> None:
    (tmp_path / "mainstay.toml").write_text('[networks]\nallowed = ["127.0.0.0/8"]\n')
    (tmp_path / "data").mkdir()
    run(tmp_path, PREPARE.format(url=f"http://127.0.0.1:{receiver.server_port}/", count=COUNT))
    for kill in range(KILLS):
        process = engine(tmp_path)
        receiver.on_arrival = lambda process=process: process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL, kill
        receiver.on_arrival = lambda: None
        assert int(run(tmp_path, FREE)) > 0  # as if the lease had run out
    complete = threading.Event()
    receiver.on_arrival = lambda: complete.set() if len({one for _, one in receiver.arrived}) == COUNT else None
    process = engine(tmp_path)
    try:
        assert complete.wait(60)
    finally:
        process.terminate()
        assert process.wait(30) == 0
    keys: dict[int, set[str]] = {}
    for key, number in receiver.arrived:
        keys.setdefault(number, set()).add(key)
    assert set(keys) == set(range(COUNT))
    assert all(len(found) == 1 for found in keys.values()), "a copy carries the key of its original"
    assert len({key for found in keys.values() for key in found}) == COUNT
    assert max(Counter(receiver.arrived).values()) <= KILLS + 1
    assert run(tmp_path, FREE).strip() == "0", "all is recorded as sent"
