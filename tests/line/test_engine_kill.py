"""The engine is killed in the middle of a receiver's answer, again and again: nothing is lost, copies share a key. And
it is killed once at each of its other stages: what it had begun is not there, or goes on."""

import json
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
from tests.workspace import own_database

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


STAGES = """
import django, json, os, signal, sys
django.setup()
from datetime import UTC, datetime, timedelta
from django.core.management import call_command
from django.db import connections
from mainstay.catalogue.models import Channel, Check, System
from mainstay.engine import sender, tending
from mainstay.incidents.actions import following
from mainstay.incidents.models import Entry, Incident, Member
from mainstay.notices.actions import announce, sending
from mainstay.notices.models import Delivery, Notice

call_command("migrate", verbosity=0)
NOW = datetime.now(UTC)
HOOK = Channel.objects.create(name="hook", kind="webhook", settings={"url": sys.argv[1]}, document={"language": "en"})

def forked(act):
    # A process of its own, with threads and connections of its own; says how it ended.
    connections.close_all()
    child = os.fork()
    if not child:
        act()
        os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])

def killed(module, name, act):
    def dying():
        setattr(module, name, lambda *_a, **_k: os.kill(os.getpid(), signal.SIGKILL))
        act()
    assert forked(dying) == signal.SIGKILL, name

def tell():
    one = sender.Sender()
    one.step()
    one.finish()

def fold():
    sending.fold(HOOK, datetime.now(UTC))

def seen():
    return {
        "waiting": Delivery.objects.filter(sent_at=None).count(),
        "leased": Delivery.objects.exclude(leased_until=None).count(),
        "notices": sorted(Notice.objects.values_list("word", flat=True)),
        "running": Incident.objects.exclude(state="resolved").count(),
        "entries": sorted(Entry.objects.values_list("word", flat=True)),
    }

def stage(prepare, module, name, act):
    Notice.objects.all().delete()
    prepare()
    before = seen()
    killed(module, name, act)
    after = seen()
    Delivery.objects.filter(sent_at=None).update(leased_until=None)  # as if the lease had run out
    for one in (act, tell):
        assert forked(one) == 0
    return {"before": before, "after": after, "end": seen()}

def notices(word, count):
    times = [NOW + timedelta(microseconds=number) for number in range(count)]
    return lambda: [announce(None, word, at, {"number": 1, "digest": "d"}, level=1) for at in times]

def calm():
    system = System.objects.create(name="shop")
    check = Check.objects.create(system=system, name="home", kind="tcp", every=10)
    fault = Incident.objects.create(key="k", system=system, category="system", level=1, opened_at=NOW, since=NOW)
    past = NOW - timedelta(minutes=5)
    Member.objects.create(incident=fault, check_of=check, role="root", joined_at=past, recovered_at=past)
    announce(fault.pk, "opened", past, {}, level=1)
    assert forked(tell) == 0

print(json.dumps({
    "leased": stage(notices("head", 1), sender, "outgoing", tell),
    "answered": stage(notices("test", 1), sender.actions, "delivered", tell),
    "folded": stage(notices("blind", 3), sending, "_line", fold),
    "resolved": stage(calm, following, "tell_all", tending.end_calm_incidents),
}))
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


def test_a_kill_at_each_stage(tmp_path: Path, receiver: Receiver) -> None:
    (tmp_path / "data").mkdir()
    command = [sys.executable, "-c", STAGES, receiver.url]
    done = subprocess.run(
        command, env=environment(tmp_path) | own_database(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    arrived = [(body["word"], key) for key, body in receiver.arrived]
    calls = Counter(arrived)

    assert found["leased"]["after"] == found["leased"]["before"] | {"leased": 1}, "taken, not sent"
    assert found["answered"]["after"] == found["answered"]["before"] | {"leased": 1}, "sent, not known to be"
    assert [count for (word, _), count in calls.items() if word == "head"] == [1]
    assert [count for (word, _), count in calls.items() if word == "test"] == [2], "the copy has its original's key"

    assert found["folded"]["after"] == found["folded"]["before"], "half a digest is none"
    assert [word for word, _ in arrived if word in ("blind", "digest")] == ["digest"]
    assert [body["count"] for _, body in receiver.arrived if body["word"] == "digest"] == [3]

    assert found["resolved"]["after"] == found["resolved"]["before"], "an end that nobody would hear of is none"
    assert found["resolved"]["end"]["entries"] == ["resolved"]
    assert [word for word, _ in arrived if word in ("opened", "resolved")] == ["opened", "resolved"]
    assert [stage["end"]["waiting"] for stage in found.values()] == [0] * len(found)
