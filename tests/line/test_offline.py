"""Mainstay's own network is gone: one sentence about Mainstay, and none about the targets that it cannot see."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import servers
from tests.line.receiver import Receiver, receiving
from tests.line.site import Site, Targets, copies, until

NAME = f"mt{os.getpid()}"
NET = f"10.{200 + os.getpid() % 50}.{os.getpid() % 250}"
HOSTS = 5


def ip(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([servers.program("ip"), *words], capture_output=True, text=True, check=False)


@contextmanager
def cable() -> Iterator[None]:
    """A network of its own for the checker, with a cable to this machine's: ``NET.1`` is there, the targets here."""
    done = ip("netns", "add", NAME)
    if done.returncode:
        pytest.skip(f"no network of its own can be made here: {done.stderr.strip()}")
    try:
        for words in (
            ["link", "add", f"{NAME}a", "type", "veth", "peer", "name", f"{NAME}b", "netns", NAME],
            *(["addr", "add", f"{NET}.{number}/24", "dev", f"{NAME}a"] for number in range(10, 10 + HOSTS)),
            ["link", "set", f"{NAME}a", "up"],
            ["-n", NAME, "addr", "add", f"{NET}.1/24", "dev", f"{NAME}b"],
            ["-n", NAME, "link", "set", f"{NAME}b", "up"],
            ["-n", NAME, "link", "set", "lo", "up"],
        ):
            done = ip(*words)
            if done.returncode:
                pytest.skip(f"no cable can be made here: {done.stderr.strip()}")
        yield
    finally:
        ip("netns", "del", NAME)  # and its end of the cable with it


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def test_it_says_so_once(tmp_path: Path, receiver: Receiver) -> None:
    with cable():
        targets = [Targets(1, f"{NET}.{number}") for number in range(10, 10 + HOSTS)]
        lines = [
            f"  c{number}: {{probe: {{kind: tcp, host: {NET}.{10 + number}, port: {one.ports[0]}}}, every: 2s,"
            " timeout: 1s, impact: outage}"
            for number, one in enumerate(targets)
        ]
        site = Site(tmp_path, allowed=("127.0.0.0/8", f"{NET}.0/24"))
        site.apply("system: shop\ntier: 1\nchecks:\n" + "\n".join(lines) + "\n", receiver.url)
        inside = ["ip", "netns", "exec", NAME]
        with site.process("checker", before=inside), site.process("engine"):
            until(lambda: list(site.states().values()) == ["ok"] * HOSTS)
            for said in range(1, 3):  # it may happen again
                ip("link", "set", f"{NAME}a", "down")
                until(lambda said=said: len(told(receiver)) == 2 * said - 1)
                until(lambda: list(site.states().values()) == ["unknown"] * HOSTS)
                if said == 1:  # so long that the engine looks twice for what nobody will tell, as retired checks
                    time.sleep(22)
                    assert told(receiver) == ["opened"]
                ip("link", "set", f"{NAME}a", "up")
                until(lambda: list(site.states().values()) == ["ok"] * HOSTS)
                until(lambda said=said: len(told(receiver)) == 2 * said)
        for one in targets:
            one.close()
    assert told(receiver) == ["opened", "resolved", "reopened", "resolved"]
    assert {body["system_name"] for _, body in receiver.arrived} == {"mainstay"}
    assert not copies(receiver.arrived)
    assert site.count("select count(*) from incidents_incident") == 1
    spoken = "select count(*) from monitoring_statechange where after = 'critical' and check_id in"
    assert site.count(f"{spoken} (select id from catalogue_check where kind = 'tcp')") == 0
    assert site.count(f"{spoken} (select id from catalogue_check where kind = 'online')") == 2


def told(receiver: Receiver) -> list[str]:
    return [body["word"] for _, body in receiver.arrived]
