"""A scratch place within its room: by the kernel's own wall where root can build one, else by looking; what outgrows it
is ended and leaves the disk as it was."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mainstay.drivers import allowance, program, scratch_disk, scratch_place, scratch_postgresql
from mainstay.drivers.allowance import Allowance
from tests.drivers.installed import major

SIZE = 20_000_000
ENDLESS = "import sys\nwith open(sys.argv[1], 'wb', buffering=0) as file:\n    while True: file.write(bytes(1 << 20))"
MANY = (
    "import itertools, sys\nfor n in itertools.count():\n"
    "    with open(f'{sys.argv[1]}-{n}', 'wb') as file: file.write(bytes(1 << 20))"
)


def mounts() -> str:
    return Path("/proc/self/mounts").read_text()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    found = tmp_path / "run"
    found.mkdir()
    return found


def written(place: Path, script: str) -> program.Ended:
    """A program that never stops writing there, and how it went."""
    words = [sys.executable, "-c", script, str(place / "file")]
    return program.run(words, until=time.monotonic() + 60)


def taken(place: Path) -> int:
    return sum(path.stat().st_size for path in place.glob("file*"))


def mounted(place: Path, size: int = SIZE) -> Allowance:
    one = Allowance(place, size, 0)
    if not one.hard:
        pytest.skip("only root can mount, and not in every container")
    return one


def test_the_kernel_itself_is_the_wall(place: Path) -> None:
    one = mounted(place)  # nobody looks
    ended = written(place, ENDLESS)
    assert (ended.code, "No space left" in ended.err) == (1, True)
    assert SIZE <= taken(place) < SIZE + 16_000_000
    one.look()
    assert str(one.outgrown).startswith("what is restored outgrew the 20 MB")
    scratch_disk.end(place)
    assert str(place) not in mounts()


@pytest.mark.parametrize("script", [ENDLESS, MANY])
def test_what_outgrows_its_room_is_ended(place: Path, script: str) -> None:
    one = mounted(place)
    one.start()
    assert written(place, script).code != 0
    one.close()
    assert str(one.outgrown).startswith("what is restored outgrew the 20 MB")
    scratch_disk.end(place)


def test_without_root_it_is_seen_and_ended(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch_disk, "begin", lambda *_: False)
    one = Allowance(place, SIZE, 0)
    one.start()
    ended = written(place, MANY)
    one.close()
    assert ended.code == 137
    assert one.most > SIZE
    assert str(one.outgrown).startswith("what is restored outgrew the 20 MB")
    assert written(place, "raise SystemExit(0)").code == 0, "afterwards nothing is bounded"


def test_without_root_no_single_file_is_larger(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch_disk, "begin", lambda *_: False)
    one = Allowance(place, SIZE, 0)  # nobody looks
    try:
        assert "File too large" in written(place, ENDLESS).err
        assert taken(place) == SIZE
    finally:
        program.HOUSE.largest = 0
    assert not one.outgrown


def test_a_disk_that_is_nearly_full_ends_it_too(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch_disk, "begin", lambda *_: False)
    one = Allowance(place, 10**15, 10**15)
    one.start()
    assert written(place, "import time; time.sleep(60)").code == 137
    one.close()
    assert str(one.outgrown).startswith("less than ")


def test_the_places_of_servers_that_lie_elsewhere_count(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch_disk, "begin", lambda *_: False)
    monkeypatch.setattr(scratch_place, "_LONGEST", 0)
    one = Allowance(place, SIZE, 0)
    home = scratch_place.home(place, "postgresql", "")
    assert place not in home.parents
    (home / "file").write_bytes(os.urandom(1_000_000))
    one.look()
    assert 1_000_000 <= one.most < 1_200_000
    scratch_place.remove(place, "postgresql")
    program.HOUSE.largest = 0


def test_a_server_within_the_wall_and_nothing_of_it_after_a_kill(place: Path) -> None:
    """Its data lies in the run's own file system, wherever its account may go in; the sweep of a dead run unmounts."""
    one = mounted(place, 200_000_000)
    assert str(place) in mounts()
    server = scratch_postgresql.Scratch(place, major(), time.monotonic() + 60)
    home = server.home
    one.look()
    assert one.most > 20_000_000
    server._running.process.kill()
    server._running.process.wait()
    scratch_postgresql.sweep(place)
    scratch_disk.end(place)
    assert (home.exists(), str(place) in mounts(), list(place.iterdir())) == (False, False, [place / "disk"])
    loops = subprocess.run(["losetup", "-j", str(place / "disk")], capture_output=True, text=True, check=True)
    assert loops.stdout == ""
    server._running.end()


def test_where_nothing_can_be_mounted_it_is_watched(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    one = allowance.Allowance(place, SIZE, 0)
    assert (one.hard, program.HOUSE.largest) == (False, SIZE)
    program.HOUSE.largest = 0
