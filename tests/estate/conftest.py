"""One running estate for all tests of this folder, driven only by its command line and its facts file."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mainstay.catalogue import actions
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Check
from mainstay.cli.demo import references
from mainstay.domain.actor import ENGINE
from tests.line.looking import complaints

SETTLING_LOOKS = 10
"""On a busy machine the ERP's queue may lag by several seconds."""
CHECKOUT = Path(__file__).resolve().parents[2]


def estate_command(*args: str) -> list[str]:
    return [sys.executable, "-m", "estate", *args]


@dataclass
class Running:
    """A started estate and the questions the tests ask it."""

    process: subprocess.Popen[str]
    folder: Path

    @property
    def facts(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "estate.json").read_text()))

    def do(self, *args: str) -> str:
        command = estate_command(*args, "--dir", str(self.folder))
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(40)


def start(folder: Path, *args: str) -> Running:
    process = subprocess.Popen(
        estate_command("up", "--dir", str(folder), "--json", *args), cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    line = process.stdout.readline()
    assert line, f"the estate did not start: exit code {process.wait(10)}"
    assert json.loads(line)["supervisor_pid"]
    return Running(process, folder)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Open to everybody: as root, PostgreSQL runs under another account and must get in."""
    path = Path(tempfile.mkdtemp(prefix="estate-test-"))
    path.chmod(0o755)
    yield path / "e"
    shutil.rmtree(path)


@pytest.fixture(scope="package")
def estate() -> Iterator[Running]:
    """It works hard, so it ends with the tests of this folder rather than with all."""
    path = Path(tempfile.mkdtemp(prefix="estate-test-"))
    path.chmod(0o755)
    running = start(path / "e", "--order-every", "5")
    yield running
    running.stop()
    shutil.rmtree(path)


@pytest.fixture
def meridian(db: None, estate: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The demo's system in Mainstay, but for what looks at the machine that the tests share."""
    for name, value in references(estate.facts).items():
        monkeypatch.setenv(name, value)
    files = {path.name: path.read_bytes() for path in (CHECKOUT / "estate" / "catalogue").glob("*.yaml")}
    actions.apply(examine(files).catalogue, actor=ENGINE)
    Check.objects.exclude(name__startswith="app.").delete()
    return estate


def lasting(expected: set[str]) -> set[str]:
    """The checks that complain and go on complaining.

    The ERP settles some states in its queue, a moment after the fact they follow from. One look alone would call that a
    fault.
    """
    found = complaints()
    for _ in range(SETTLING_LOOKS):
        if found <= expected:
            break
        time.sleep(1.5)
        found &= complaints()
    return found


def eventually(true: Callable[[], bool], patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.3)
