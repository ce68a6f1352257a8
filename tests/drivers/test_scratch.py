"""Scratch servers: gone with the run that started them, swept after a kill, and held to what they may take; a
stranger's process is left alone."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from mainstay.drivers import program, scratch_mariadb, scratch_postgresql
from mainstay.drivers.backup_tools import Run
from mainstay.drivers.scratch_server import MEMORY, Server
from tests import servers
from tests.drivers.installed import major
from tests.processes import alive, wait_for


def run_in(directory: Path) -> Run:
    return Run(directory, time.monotonic() + 120, lambda *_: None)


def test_a_postgresql_that_was_left_is_swept(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    one = scratch_postgresql.Scratch(run.directory, major(), run.until)
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
    servers.program("mariadbd")
    run = run_in(tmp_path)
    one = scratch_mariadb.Scratch(run.directory, run.until)
    pid = int((one.home / "pid").read_text())
    one._running.process.kill()  # the guardian, which takes the server with it
    one._running.process.wait()
    wait_for(lambda: not alive(pid))
    scratch_mariadb.sweep(run.directory)
    assert not one.home.exists()
    one._running.end()


def limits_of(pid: int) -> dict[str, str]:
    """Limit → how much, and the niceness, as the kernel has them of a process."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    found = {line[:26].strip(): line[26:].split()[0] for line in lines}
    return {**found, "nice": Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[16]}


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_scratch_server_is_held_to_what_it_may_take(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program.HOUSE, "largest", 2_000_000_000)
    run = run_in(tmp_path)
    if kind == "postgresql":
        one: Server = scratch_postgresql.Scratch(tmp_path, major(), run.until)
        pid = int((one.home / "data" / "postmaster.pid").read_text().splitlines()[0])
    else:
        servers.program("mariadbd")
        one = scratch_mariadb.Scratch(tmp_path, run.until)
        pid = int((one.home / "pid").read_text())
    try:
        found = limits_of(pid)
        assert found["nice"] == str(min(19, os.nice(0) + 10))
        assert found["Max address space"] == str(MEMORY)
        assert found["Max file size"] == "2000000000"
        assert found["Max core file size"] == "0"
    finally:
        one.close()
    assert not alive(pid)
