"""How long a run waits for another engine when its own is killed: two runners on one PostgreSQL, again and again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import servers
from tests.line.site import Site, until
from tests.workspace import make_ready

BEGIN = """
import django; django.setup()
from mainstay.domain.actor import ENGINE
from mainstay.runbooks import actions
actions.write("runbook: slow\\nsteps: {a: {kind: wait, for: 1d}}\\n", actor=ENGINE)
actions.run("slow", {}, actor=ENGINE)
"""
NAMES = ("one", "two")


def measure(directory: Path, times: int) -> list[float]:
    """Seconds from each kill until the other drives the run."""
    folder = directory / "takeover"
    folder.mkdir()
    with servers.postgresql() as address:
        site = Site(folder, address)
        make_ready(site.folder, site.environment)
        with _runners(site) as lives:
            until(lambda: site.count("select count(*) from monitoring_pulse") == len(NAMES))
            site.run(BEGIN)
            return [_once(site, lives) for _ in range(times)]


def _once(site: Site, lives: "dict[str, subprocess.Popen[bytes]]") -> float:
    until(lambda: site.rows("select holder from runbooks_run")[0][0] in _holders(site))
    until(lambda: len(_holders(site)) == len(NAMES))
    holder = str(site.rows("select holder from runbooks_run")[0][0])
    name = _holders(site)[holder]
    os.kill(lives[name].pid, signal.SIGKILL)
    began = time.monotonic()
    while site.rows("select holder from runbooks_run")[0][0] == holder:
        time.sleep(0.02)
    took = time.monotonic() - began
    lives[name].wait()
    lives[name] = _life(site, name)
    until(lambda: holder not in _holders(site))
    return took


def _holders(site: Site) -> dict[str, str]:
    """Holder → the runner's name, of those that gave a sign."""
    return dict(site.rows("select facts->>'holder', process from monitoring_pulse"))


def _life(site: Site, name: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "mainstay.engine.runbooks.runner", "0", name]
    with site.log(name).open("ab") as log:
        return subprocess.Popen(command, env=site.environment, stdout=log, stderr=log)


@contextmanager
def _runners(site: Site) -> "Iterator[dict[str, subprocess.Popen[bytes]]]":
    lives = {name: _life(site, name) for name in NAMES}
    try:
        yield lives
    finally:
        for one in lives.values():
            one.kill()
            one.wait()
