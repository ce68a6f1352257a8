"""Scratch servers: gone with the run that started them, and swept after a kill; a stranger's process is left alone."""

import signal
import subprocess
import time
from pathlib import Path

from mainstay.drivers import postgresql_programs, scratch_mariadb, scratch_postgresql
from mainstay.drivers.backup_tools import Run
from tests.processes import alive, wait_for


def run_in(directory: Path) -> Run:
    return Run(directory, time.monotonic() + 120, lambda *_: None)


def test_a_postgresql_that_was_left_is_swept(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    one = scratch_postgresql.Scratch(run.directory, max(postgresql_programs.directories()), run.until)
    pid = int((one.home / "data" / "postmaster.pid").read_text().splitlines()[0])
    one._running.process.send_signal(signal.SIGKILL)  # the guardian, which takes the server with it
    one._running.process.wait()
    wait_for(lambda: not alive(pid))
    assert one.home.exists()
    scratch_postgresql.sweep(run.directory)
    assert not one.home.exists()
    scratch_postgresql.sweep(run.directory)  # nothing to do
    one._running.end()


def test_a_server_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    home = scratch_postgresql.home(run.directory)
    (home / "data").mkdir()
    with subprocess.Popen(["sleep", "600"]) as stranger:
        lines = [str(stranger.pid), str(home / "data"), "0", "5432", str(home / "socket"), "", "0 0"]
        (home / "data" / "postmaster.pid").write_text("\n".join(lines))
        scratch_postgresql.sweep(run.directory)
        assert stranger.poll() is None
        stranger.kill()
    assert not home.exists()


def test_a_mariadb_that_was_left_is_swept(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    one = scratch_mariadb.Scratch(run.directory, run.until)
    pid = int((one.home / "pid").read_text())
    one._running.process.kill()  # the guardian, which takes the server with it
    one._running.process.wait()
    wait_for(lambda: not alive(pid))
    scratch_mariadb.sweep(run.directory)
    assert not one.home.exists()
    one._running.end()
