"""A scratch place on another host, by a real sshd: programs there end with the connection, and nothing stays, whoever
dies."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mainstay.domain.network import LOOPBACK, NetworkPolicy
from mainstay.drivers import far_host, far_keeper, scratch_far_server
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.far_host import Asked, FarHost
from mainstay.drivers.program import Limits
from mainstay.drivers.scratch_far_postgresql import FarScratch
from mainstay.drivers.ssh import Door
from tests import servers
from tests.drivers.installed import major
from tests.processes import alive, wait_for

NETWORK = NetworkPolicy((*LOOPBACK,))
ROOM = 10**12


@pytest.fixture(scope="module")
def way() -> Iterator[servers.SSH]:
    with servers.ssh("postgres") as one:
        yield one


@pytest.fixture
def base() -> Iterator[Path]:
    with servers.directory("far") as one:
        one.chmod(0o777)
        yield one


def door(way: servers.SSH, **other: Any) -> Door:
    given = {"user": way.user, "key_file": str(way.key_file), "host_key": way.host_key, "port": way.port}
    return Door("127.0.0.1", **{**given, **other})


def opened(way: servers.SSH, base: Path, here: Path, room: int = ROOM) -> FarHost:
    return FarHost(door(way), NETWORK, Asked(str(base), room, 0), here)


def until(seconds: float = 60) -> float:
    return time.monotonic() + seconds


def places(base: Path) -> list[Path]:
    return list(base.glob("mainstay-*"))


def running(base: Path) -> list[int]:
    """Processes that are at work below the directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if base in (path / "cwd").resolve().parents and alive(int(path.name)):
                found.append(int(path.name))
        except OSError:
            continue
    return found


def test_a_program_runs_there_and_nothing_stays(way: servers.SSH, base: Path, tmp_path: Path) -> None:
    with closing(opened(way, base, tmp_path)) as host:
        assert places(base) == [host.path]
        assert (host.path.stat().st_mode & 0o777, host.path.owner()) == (0o700, way.user)
        said = host.run(["sh", "-c", "pwd; nice; ulimit -v; echo $0", "a 'quoted' $(word)"], until=until())
        assert said.out.split("\n")[:3] == [str(host.path), str(min(19, os.nice(0) + 10)), "unlimited"]
        assert said.out.split("\n")[3] == "a 'quoted' $(word)"
        held = host.run(["sh", "-c", "ulimit -v"], until=until(), limits=Limits(memory=1 << 30))
        assert held.out == f"{(1 << 30) // 1024}\n"
        with pytest.raises(ToolFailed) as caught:
            host.run(["false"], until=until())
        assert caught.value.code == "refused"
        with pytest.raises(ToolFailed) as late:
            host.run(["sleep", "600"], until=until(1))
        assert late.value.code == "timeout"
        wait_for(lambda: len(running(base)) == 0)
        host.run(
            ["sh", "-c", "mkdir -p closed/deep; touch closed/deep/file; chmod 500 closed/deep closed"], until=until()
        )
        assert host.ended() is None
    assert places(base) == []


def test_a_server_there_is_reached_from_here(way: servers.SSH, base: Path, tmp_path: Path) -> None:
    with closing(opened(way, base, tmp_path)) as host:
        with closing(FarScratch(host, tmp_path, major(), until())) as one:
            with psycopg.connect(one.conninfo()) as db:
                row = db.execute(
                    "select current_setting('listen_addresses') || current_setting('data_directory')"
                ).fetchone()
            assert row == (str(host.path / "server" / "data"),)
            assert not one.lost()
        assert not one.home.exists()
        wait_for(lambda: not running(base))
    assert places(base) == []


WORKER = """
import sys, time
from pathlib import Path
from tests.drivers.test_far_host import FarScratch, major, opened, servers, until
way = servers.SSH(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4])
host = opened(way, Path(sys.argv[5]), Path(sys.argv[6]))
FarScratch(host, Path(sys.argv[6]), major(), until())
print('up', flush=True)
time.sleep(600)
"""


def test_when_we_are_killed_all_of_it_goes(way: servers.SSH, base: Path, tmp_path: Path) -> None:
    words = [str(way.port), way.user, str(way.key_file), way.host_key, str(base), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    ours = subprocess.Popen([sys.executable, "-c", WORKER, *words], stdout=subprocess.PIPE, env=environment)
    assert ours.stdout is not None
    assert ours.stdout.readline() == b"up\n"
    assert running(base)
    ours.kill()
    ours.wait()
    ours.stdout.close()
    wait_for(lambda: not places(base))
    assert running(base) == []
    scratch_far_server.sweep(tmp_path)


def test_when_the_connection_is_cut_it_is_said_and_all_of_it_goes(base: Path, tmp_path: Path) -> None:
    with servers.ssh("postgres") as way, closing(opened(way, base, tmp_path)) as host:
        with closing(FarScratch(host, tmp_path, major(), until())) as one:
            for pid in sessions(way.port):
                os.kill(pid, 9)
            wait_for(one.lost)
            wait_for(lambda: host.ended() is not None)
            why = host.ended()
            assert why is not None
            assert (why.code, why.retry) == ("unreachable", True)
            wait_for(lambda: not places(base))
        assert one.lost()


def sessions(port: int) -> list[int]:
    """The processes of sshd that serve a connection to its port, not the one that listens."""
    found = subprocess.run(["ss", "-Htnp", "state", "established", f"sport = :{port}"], capture_output=True, check=True)
    return [int(word.split(b",")[0]) for word in found.stdout.split(b"pid=")[1:]]


def test_a_keeper_that_was_killed_leaves_what_the_next_removes(way: servers.SSH, base: Path, tmp_path: Path) -> None:
    first = opened(way, base, tmp_path)
    with closing(opened(way, base, tmp_path / "..")) as living:
        assert len(places(base)) == 2, "a place that is in use is left alone"
        keeper = next(pid for pid in keepers(base) if holds(pid, first.path))
        os.kill(keeper, 9)
        wait_for(lambda: first.ended() is not None)
        first.close()
        assert first.path.exists()
        with closing(opened(way, base, tmp_path)) as next_one:
            assert sorted(places(base)) == sorted([living.path, next_one.path])
    assert places(base) == []


def keepers(base: Path) -> list[int]:
    found = subprocess.run(["pgrep", "-f", f"^python3 -I -S -c .*{base}"], capture_output=True, text=True, check=True)
    return [int(pid) for pid in found.stdout.split()]


def holds(pid: int, place: Path) -> bool:
    return any(path.resolve() == place / "lock" for path in Path(f"/proc/{pid}/fd").iterdir())


def test_what_outgrows_its_room_there_is_ended(way: servers.SSH, base: Path, tmp_path: Path) -> None:
    with closing(opened(way, base, tmp_path, room=20_000_000)) as host:
        with pytest.raises(ToolFailed) as caught:
            host.run(["sh", "-c", "while :; do head -c 1000000 /dev/zero >> file; done"], until=until())
        assert caught.value.code == "no-space", caught.value
        assert "outgrew its room" in caught.value.detail
    assert places(base) == []


ANOTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGsgcxmu6sj6DRHKwCJ1TVzCkS1UPMkxrJ7fEj2YpBqx"
REFUSALS: dict[str, tuple[dict[str, Any], str, str]] = {
    "another host key": ({"host_key": ANOTHER}, "refused", "verification failed"),
    "another account": ({"user": "unknown-here"}, "refused", "Permission denied"),
    "no key": ({"key_file": "/nonexistent/key"}, "refused", "No such file"),
    "nobody there": ({"port": 9}, "unreachable", "refused"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_who_is_not_let_in_is_told_why(name: str, way: servers.SSH, base: Path, tmp_path: Path) -> None:
    other, code, words = REFUSALS[name]
    with pytest.raises(ToolFailed) as caught:
        FarHost(door(way, **other), NETWORK, Asked(str(base), ROOM, 0), tmp_path)
    assert caught.value.code == code
    assert words in caught.value.detail


def test_what_it_needs_there_is_named(base: Path, tmp_path: Path) -> None:
    with servers.ssh("postgres", "SetEnv PATH=/nonexistent") as bare, pytest.raises(ToolFailed) as caught:
        opened(bare, base, tmp_path)
    assert (caught.value.code, "has no python3" in caught.value.detail) == ("missing", True), caught.value


def test_an_address_that_may_not_be_touched_is_not(way: servers.SSH, base: Path, tmp_path: Path) -> None:
    with pytest.raises(ToolFailed) as caught:
        FarHost(door(way), NetworkPolicy(()), Asked(str(base), ROOM, 0), tmp_path)
    assert caught.value.code == "unreachable"


def test_silence_is_the_end(base: Path) -> None:
    """Nobody closes the line, and nobody says anything: as when a network drops every packet."""
    code = (
        f"import far_keeper, pathlib\nfar_keeper.SILENCE = 0.5\nfar_keeper.main(pathlib.Path({str(base)!r}), {ROOM}, 0)"
    )
    words = [sys.executable, "-c", code]
    environment = {"PYTHONPATH": str(Path(far_keeper.__file__).parent)}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as keeper:
        assert keeper.stdout is not None
        said = [json.loads(line) for line in keeper.stdout]
    assert said[1:] == [{"ended": "silent"}]
    assert places(base) == []
    assert far_host.BEAT * 5 < far_keeper.SILENCE
