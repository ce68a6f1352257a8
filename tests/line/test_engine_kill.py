"""The engine is killed in the middle of a receiver's answer, again and again: nothing is lost, copies share a key."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.line.receiver import Receiver, receiving

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


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def run(workspace: Path, script: str) -> str:
    command = [sys.executable, "-c", script]
    return subprocess.run(command, env=environment(workspace), check=True, capture_output=True, text=True).stdout


def environment(workspace: Path) -> dict[str, str]:
    return {**os.environ, "MAINSTAY_WORKSPACE": str(workspace), "DJANGO_SETTINGS_MODULE": "mainstay.settings"}


def engine(workspace: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mainstay.engine.main"]
    return subprocess.Popen(command, env=environment(workspace), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_no_notice_is_lost_to_a_kill(tmp_path: Path, receiver: Receiver) -> None:
    (tmp_path / "mainstay.toml").write_text('[networks]\nallowed = ["10.0.0.0/8"]\n')  # for checks; notices go anywhere
    (tmp_path / "data").mkdir()
    run(tmp_path, PREPARE.format(url=receiver.url, count=COUNT))
    for kill in range(KILLS):
        process = engine(tmp_path)
        receiver.on_arrival = lambda process=process: process.send_signal(signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL, kill
        receiver.on_arrival = lambda: None
        assert int(run(tmp_path, FREE)) > 0  # as if the lease had run out
    complete = threading.Event()
    receiver.on_arrival = lambda: (
        complete.set() if len({one["number"] for _, one in receiver.arrived}) == COUNT else None
    )
    process = engine(tmp_path)
    try:
        assert complete.wait(60)
    finally:
        process.terminate()
        assert process.wait(30) == 0
    keys: dict[int, set[str]] = {}
    for key, body in receiver.arrived:
        keys.setdefault(body["number"], set()).add(key)
    assert set(keys) == set(range(COUNT))
    assert all(len(found) == 1 for found in keys.values()), "a copy carries the key of its original"
    assert len({key for found in keys.values() for key in found}) == COUNT
    assert max(Counter(key for key, _ in receiver.arrived).values()) <= KILLS + 1
    assert run(tmp_path, FREE).strip() == "0", "all is recorded as sent"
