"""restic, driven: what is saved comes back, and nothing that is wrong with a repository passes for right. The real one.
The traps were measured; each has its test here.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.drivers import program
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.restic import Restic
from mainstay.drivers.stores import Place
from tests.processes import wait_for
from tests.quick_keys import quicken
from tests.servers import program as installed

PASSWORD = "a key of its own"
HOST = "mainstay-shop-nightly"


def until(seconds: float = 60.0) -> float:
    return time.monotonic() + seconds


def quiet(*_: object) -> None:
    """Nobody wants to know."""


def restic(where: Path, password: str = PASSWORD, cache: Path | None = None) -> Restic:
    installed("restic")
    return Restic(Place(str(where)), password, host=HOST, cache=cache)


def by_hand(where: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """As somebody else would use it, without Mainstay."""
    environment = {**os.environ, "RESTIC_PASSWORD": PASSWORD, "RESTIC_REPOSITORY": str(where)}
    return subprocess.run(["restic", *words], env=environment, capture_output=True, text=True, check=False)


class Shelf:
    """A repository with two snapshots of different data, for a test to spoil."""

    def __init__(self, where: Path, identifiers: list[str], data: Path) -> None:
        self.where, self.identifiers, self.data = where, identifiers, data
        self.restic = restic(where)

    def packs(self) -> list[Path]:
        return sorted((path for path in (self.where / "data").rglob("*") if path.is_file()), key=os.path.getsize)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    installed("restic")
    here = tmp_path_factory.mktemp("restic")
    data = here / "data"
    data.mkdir()
    one = restic(here / "repository")
    one.make()
    quicken(here / "repository", PASSWORD)
    identifiers = []
    for number in range(2):
        (data / f"orders-{number}").write_bytes(os.urandom(600_000))
        (data / "订单 (new).txt").write_text(f"number {number}")
        identifiers.append(one.save(data, [f"run={number}"], until(), quiet).identifier)
    return Shelf(here / "repository", identifiers, data)


@pytest.fixture
def shelf(model: Shelf, tmp_path: Path) -> Shelf:
    shutil.copytree(model.where, tmp_path / "repository")
    return Shelf(tmp_path / "repository", model.identifiers, model.data)


def flip(path: Path, place: int | None = None) -> None:
    """One bit, in the middle unless it is said where."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if place is None else place] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def locked(where: Path) -> bool:
    """A whole lock, not one that is still being written."""
    return any("-tmp-" not in path.name for path in (where / "locks").iterdir())


def code_of(error: pytest.ExceptionInfo[ToolFailed]) -> str:
    assert PASSWORD not in str(error.value)
    return error.value.code


def test_a_repository_is_made_once(tmp_path: Path) -> None:
    one = restic(tmp_path / "repository")
    assert one.make() == one.make()
    assert one.snapshots() == []
    assert one.size() == 0


def test_what_was_saved_comes_back(shelf: Shelf, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    saved = shelf.restic.save(shelf.data, ["run=9", "system=shop"], until(), lambda *one: told.append(one))
    assert len(saved.identifier) == 64
    assert (saved.files, saved.size) == (3, 1_200_008)
    assert saved.added < 10_000  # the data was there
    assert told[-1] == ("saving", 1_200_008, 1_200_008)
    shelf.restic.load(saved.identifier, tmp_path / "target", until())
    for path in shelf.data.iterdir():
        assert (tmp_path / "target" / path.name).read_bytes() == path.read_bytes()
    newest = next(one for one in shelf.restic.snapshots() if one.identifier == saved.identifier)
    assert (newest.host, newest.tags) == (HOST, ("run=9", "system=shop"))
    names = {entry.path: entry.size for entry in shelf.restic.list_files(saved.identifier) if entry.kind == "file"}
    assert names == {"/orders-0": 600_000, "/orders-1": 600_000, "/订单 (new).txt": 8}


def test_paths_are_saved_as_they_are_without_what_is_excluded(shelf: Shelf, tmp_path: Path) -> None:
    paths, target = [str(shelf.data)], tmp_path / "target"
    saved = shelf.restic.save(tmp_path, ["run=9"], until(), quiet, paths=paths, exclude=["orders-*"])
    shelf.restic.load(saved.identifier, target, until())
    found = [path for path in target.rglob("*") if path.is_file()]
    assert found == [target / shelf.data.relative_to("/") / "订单 (new).txt"]


def test_one_file_comes_back_and_an_unknown_one_is_said(shelf: Shelf, tmp_path: Path) -> None:
    shelf.restic.load(shelf.identifiers[1], tmp_path / "one", until(), include=["/orders-1"])
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["orders-1"]
    (tmp_path / "none").mkdir()
    with pytest.raises(ToolFailed) as caught:
        shelf.restic.load(shelf.identifiers[1], tmp_path / "none", until(), include=["/no-such-file"])
    assert code_of(caught) == "incomplete"


@pytest.mark.parametrize("name", ["latest", "4261007f", "", "--help"])
def test_only_a_whole_identifier_names_a_copy(shelf: Shelf, tmp_path: Path, name: str) -> None:
    with pytest.raises(ToolFailed) as caught:
        shelf.restic.load(name, tmp_path / "target", until())
    assert code_of(caught) == "refused"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_cannot_be_read_makes_it_incomplete(shelf: Shelf) -> None:
    (shelf.data / "orders-0").chmod(0)
    with pytest.raises(ToolFailed) as caught:
        shelf.restic.save(shelf.data, ["run=9"], until(), quiet)
    assert code_of(caught) == "incomplete"


def test_a_path_that_is_gone_makes_it_incomplete(shelf: Shelf, tmp_path: Path) -> None:
    paths = [str(shelf.data), str(tmp_path / "gone")]
    with pytest.raises(ToolFailed) as caught:
        shelf.restic.save(tmp_path, ["run=9"], until(), quiet, paths=paths)
    assert code_of(caught) == "incomplete"


def test_a_wrong_password_is_said_and_makes_no_other_repository(shelf: Shelf) -> None:
    other = restic(shelf.where, "not the key")
    for act in (other.make, other.snapshots, lambda: other.check(until())):
        with pytest.raises(ToolFailed) as caught:
            act()
        assert code_of(caught) == "wrong-key"


def test_a_password_that_was_changed_locks_the_old_one_out(shelf: Shelf, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.write_text("another key")
    assert by_hand(shelf.where, "key", "passwd", "--new-password-file", str(new)).returncode == 0
    with pytest.raises(ToolFailed) as caught:
        shelf.restic.save(shelf.data, ["run=9"], until(), quiet)
    assert code_of(caught) == "wrong-key"
    assert len(restic(shelf.where, "another key").snapshots()) == 2


def test_a_repository_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed) as caught:
        restic(tmp_path / "none").snapshots()
    assert code_of(caught) == "absent"


# Damage


def test_a_flipped_byte_of_data_is_found_where_data_is_read(shelf: Shelf, tmp_path: Path) -> None:
    flip(shelf.packs()[-1], 1000)
    assert shelf.restic.check(until()) == ""  # the trap: nothing is read
    assert shelf.restic.check(until(), all_data=True)
    assert any(shelf.restic.check(until(), part, 2) for part in (1, 2))
    with pytest.raises(ToolFailed):
        shelf.restic.prune(until(), all_data=True)
    results = []
    for number, identifier in enumerate(shelf.identifiers):
        try:
            shelf.restic.load(identifier, tmp_path / str(number), until())
        except ToolFailed as error:
            results.append(error.code)
    assert "damaged" in results


def unpacked(shelf: Shelf, target: Path, number: int = 0, *more: str) -> None:
    """A copy, poured into a tar there."""
    target.mkdir()
    argv = ["tar", "--extract", f"--directory={target}", *more]
    shelf.restic.pour(shelf.identifiers[number], lambda source: program.run(argv, until=until(), stdin=source), until())


def test_a_copy_is_poured_whole_or_it_is_said(shelf: Shelf, tmp_path: Path) -> None:
    unpacked(shelf, tmp_path / "whole")
    shelf.restic.load(shelf.identifiers[0], tmp_path / "loaded", until())
    subprocess.run(["diff", "-r", str(tmp_path / "whole"), str(tmp_path / "loaded")], check=True)
    with pytest.raises(ToolFailed) as caught:
        unpacked(shelf, tmp_path / "refused", 0, "--not-an-option")
    assert code_of(caught) == "refused", "nothing is said of the copy"
    saved = (shelf.where / "snapshots" / shelf.identifiers[0]).stat().st_mtime_ns
    flip(next(path for path in reversed(shelf.packs()) if path.stat().st_mtime_ns > saved), 1000)  # the second's alone
    results = []
    for number in range(2):
        try:
            unpacked(shelf, tmp_path / f"spoilt-{number}", number)
        except ToolFailed as error:
            results.append(error.code)
    assert results == ["damaged"]


def test_a_missing_pack_is_found_and_nothing_is_pruned(shelf: Shelf, tmp_path: Path) -> None:
    shelf.packs()[-1].unlink()
    left = shelf.packs()
    assert "does not exist" in shelf.restic.check(until())
    with pytest.raises(ToolFailed) as caught:
        shelf.restic.prune(until())
    assert code_of(caught) == "damaged"
    assert shelf.packs() == left
    with pytest.raises(ToolFailed):  # it may hang; then the deadline ends it
        shelf.restic.load(shelf.identifiers[1], tmp_path / "target", until(4))


@pytest.mark.parametrize("part", ["snapshots", "index"])
def test_the_cache_hides_no_damage(shelf: Shelf, tmp_path: Path, part: str) -> None:
    cached = restic(shelf.where, cache=tmp_path / "cache")
    saved = cached.save(shelf.data, ["run=9"], until(), quiet)
    for path in (shelf.where / part).iterdir():
        flip(path)
    hidden = by_hand(
        shelf.where, "--cache-dir", str(tmp_path / "cache"), "restore", saved.identifier, "--target",
        str(tmp_path / "hidden"),
    )  # fmt: skip
    assert hidden.returncode == 0  # the trap
    with pytest.raises(ToolFailed) as caught:
        cached.load(saved.identifier, tmp_path / "target", until())
    assert code_of(caught) == "damaged"
    assert cached.check(until())
    with pytest.raises(ToolFailed):
        cached.prune(until())


@pytest.mark.parametrize("spoil", ["config", "keys"])
def test_a_damaged_config_or_key_is_said(shelf: Shelf, spoil: str) -> None:
    path = shelf.where / "config" if spoil == "config" else next((shelf.where / "keys").iterdir())
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ToolFailed) as caught:
        shelf.restic.make()
    assert code_of(caught) in ("damaged", "wrong-key")


# Locks and kills


def test_a_stale_lock_blocks_until_it_is_removed(shelf: Shelf) -> None:
    running = subprocess.Popen(
        ["restic", "backup", "--stdin"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        env={**os.environ, "RESTIC_PASSWORD": PASSWORD, "RESTIC_REPOSITORY": str(shelf.where)},
    )  # fmt: skip
    wait_for(lambda: locked(shelf.where))
    with pytest.raises(ToolFailed) as caught:
        shelf.restic.check(until())
    assert (code_of(caught), caught.value.retry) == ("locked", True)
    shelf.restic.unlock()
    assert locked(shelf.where)  # its owner lives
    running.send_signal(signal.SIGKILL)
    running.wait()
    with pytest.raises(ToolFailed):
        shelf.restic.check(until())
    shelf.restic.unlock()
    assert shelf.restic.check(until(), all_data=True) == ""
    shelf.restic.prune(until())


def test_a_lock_of_another_machine_goes_when_our_record_says_that_it_is_dead(shelf: Shelf) -> None:
    with subprocess.Popen(
        ["unshare", "--uts", "sh", "-c", "hostname elsewhere && exec restic backup --stdin"], stdin=subprocess.PIPE,
        env={**os.environ, "RESTIC_PASSWORD": PASSWORD, "RESTIC_REPOSITORY": str(shelf.where)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as running:  # fmt: skip
        try:
            wait_for(lambda: locked(shelf.where) or running.poll() is not None)
            if running.poll() is not None:
                pytest.skip("no other host name can be had here")
        finally:
            running.kill()
    shelf.restic.unlock()
    assert locked(shelf.where)
    shelf.restic.unlock(dead=True)
    assert not locked(shelf.where)


def test_a_killed_run_leaves_no_copy(shelf: Shelf) -> None:
    before = {one.identifier for one in shelf.restic.snapshots()}
    with pytest.raises(ToolFailed) as caught:
        shelf.restic.save(shelf.data, ["run=9"], until(0.1), quiet)
    assert code_of(caught) == "timeout"
    assert {one.identifier for one in shelf.restic.snapshots()} == before


# Dropping


def test_only_what_is_named_is_dropped_and_its_data_goes(shelf: Shelf) -> None:
    by_hand(shelf.where, "backup", "--time", "2030-01-01 00:00:00", "--host", HOST, str(shelf.data))
    before = shelf.restic.size()
    (shelf.data / "gone").write_bytes(os.urandom(900_000))
    extra = shelf.restic.save(shelf.data, ["run=9"], until(), quiet).identifier
    (shelf.data / "gone").unlink()
    assert shelf.restic.drop([extra, "0" * 64]) == [extra]
    assert shelf.restic.drop([extra]) == []
    left = shelf.restic.snapshots()
    assert {*shelf.identifiers} < {one.identifier for one in left}
    assert {one.at.year for one in left} > {2030}  # the future one pushed nobody out
    shelf.restic.prune(until())
    assert sum(path.stat().st_size for path in shelf.packs()) < 1.2 * before


# The second site


def test_a_copy_is_forwarded_once(shelf: Shelf, tmp_path: Path) -> None:
    second = restic(tmp_path / "second", "another password")
    assert second.make(shelf.restic) != shelf.restic.make()
    quicken(tmp_path / "second", "another password")
    saved = shelf.restic.forward(shelf.identifiers[1], second, until())
    assert (saved.files, saved.size) == (3, 1_200_008)
    assert 1_200_000 < saved.added < 1_300_000
    again = shelf.restic.forward(shelf.identifiers[1], second, until())
    assert (again.identifier, again.added) == (saved.identifier, 0)
    second.load(saved.identifier, tmp_path / "target", until())
    assert (tmp_path / "target" / "orders-1").read_bytes() == (shelf.data / "orders-1").read_bytes()
    more = shelf.restic.forward(shelf.identifiers[0], second, until())
    assert more.added < 10_000  # both cut the data at the same places


def test_two_stores_with_other_keys_are_bridged_by_a_directory(shelf: Shelf, tmp_path: Path) -> None:
    shelf.restic.place = Place(str(shelf.where), environment={"AWS_ACCESS_KEY_ID": "one"})
    second = Restic(
        Place(str(tmp_path / "second"), environment={"AWS_ACCESS_KEY_ID": "two"}), "p2", host=HOST, cache=None
    )
    second.make()
    quicken(tmp_path / "second", "p2")
    with pytest.raises(ToolFailed) as caught:
        shelf.restic.forward(shelf.identifiers[1], second, until())
    assert code_of(caught) == "refused"
    (tmp_path / "by").mkdir()
    saved = shelf.restic.forward(shelf.identifiers[1], second, until(), tmp_path / "by")
    assert shelf.restic.forward(shelf.identifiers[1], second, until()).identifier == saved.identifier
    second.load(saved.identifier, tmp_path / "target", until())
    assert (tmp_path / "target" / "orders-1").read_bytes() == (shelf.data / "orders-1").read_bytes()


# Full


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    here = tmp_path / "small"
    here.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(here)], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip("only root can make a small file system")
    yield here
    subprocess.run(["umount", str(here)], check=True)


def test_a_full_disk_is_said_and_the_old_copies_stay_whole(small: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "a").write_bytes(os.urandom(500_000))
    one = restic(small / "repository")
    one.make()
    saved = one.save(data, ["run=1"], until(), quiet)
    (data / "b").write_bytes(os.urandom(4_000_000))
    with pytest.raises(ToolFailed) as caught:
        one.save(data, ["run=2"], until(), quiet)
    assert code_of(caught) == "no-space"
    assert [snapshot.identifier for snapshot in one.snapshots()] == [saved.identifier]
    one.load(saved.identifier, tmp_path / "target", until())
