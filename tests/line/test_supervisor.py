"""``mainstay up`` keeps its processes: one that dies or hangs is started again, and none outlives it."""

import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.faces.running import until
from tests.faces.served import Served
from tests.workspace import own_database

pytestmark = pytest.mark.skipif(bool(own_database()), reason="reads the pulses from SQLite")

MARKS = {"web": "mainstay.web.server:application", "checker": "mainstay.checker.main", "engine": "mainstay.engine.main"}
SILENT_AFTER = 12.0
"""Seconds; the engine gives a sign every five."""
RUN = f"from mainstay.supervisor import ROLES, Supervisor; Supervisor(ROLES, silent_after={SILENT_AFTER}).run()"


@contextmanager
def running(site: Served) -> Iterator[psutil.Process]:
    process = subprocess.Popen(
        [sys.executable, "-c", f"import django; django.setup(); {RUN}"],
        env=site.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def children(supervisor: psutil.Process) -> dict[str, psutil.Process]:
    """Role → its process."""
    found = {}
    for child in supervisor.children():
        with suppress(psutil.Error):  # it ended just now
            words = " ".join(child.cmdline())
            found |= {role: child for role, mark in MARKS.items() if mark in words}
    return found


def signs(site: Served) -> dict[str, str]:
    """Role → when it last said that it lives."""
    with closing(sqlite3.connect(site.folder / "data" / "mainstay.sqlite3")) as database:
        return dict(database.execute("select process, at from monitoring_pulse"))


def all_live(supervisor: psutil.Process, site: Served, after: dict[str, str]) -> dict[str, psutil.Process] | None:
    """All processes, once each has given a sign, the written ones newer than ``after``."""
    there, said = children(supervisor), signs(site)
    newer = all(said.get(role, "") > after.get(role, "") for role in MARKS if role != "web")
    return there if there.keys() == MARKS.keys() and newer and answers(site) else None


def answers(site: Served) -> bool:
    try:
        urllib.request.urlopen(f"{site.base}/sign-in/", timeout=2).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def test_what_dies_or_hangs_is_started_again_and_nothing_is_left(tmp_path: Path) -> None:
    site = Served(tmp_path, catalogue="")
    with running(site) as supervisor:
        first = until(lambda: all_live(supervisor, site, {}))
        before = signs(site)
        first["engine"].kill()
        first["web"].kill()
        second = until(lambda: all_live(supervisor, site, before))
        assert second["checker"] == first["checker"], "who lives is left alone"
        assert second["engine"] != first["engine"]
        before = signs(site)
        second["checker"].kill()
        second["engine"].suspend()
        second["web"].suspend()
        until(lambda: all(children(supervisor).get(role, second[role]) != second[role] for role in MARKS))
        last = list(until(lambda: all_live(supervisor, site, before)).values())
        supervisor.kill()
        gone, alive = psutil.wait_procs(last, timeout=30)
        assert len(gone) == len(MARKS)
        assert not alive
