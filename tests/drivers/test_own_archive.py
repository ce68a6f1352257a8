"""A copy as one file: whole or not at all; and nothing that a hostile one holds gets out of its directory."""

import gzip
import io
import os
import tarfile
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from mainstay.domain.own_copy import Manifest, Member, Unfit
from mainstay.drivers import own_archive, sealed_file
from mainstay.drivers.sealed_file import Sealing

KEY = os.urandom(32)
SEAL = sealed_file.by_key("0001-ab", KEY)
RING = sealed_file.with_ring(lambda _: KEY)
EMPTY = Manifest("0.1.0", "0.1.0", datetime(2027, 1, 1, tzinfo=UTC), "sqlite", (), (0, ""))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "made"
    (made / "data/keys").mkdir(parents=True)
    (made / "mainstay.toml").write_text("port = 1\n")
    (made / "data/keys/0001.key").write_bytes(os.urandom(32))
    (made / "data/keys/0001.key").chmod(0o600)
    (made / "data" / ("很长" * 30)).write_bytes(os.urandom(3_000_000))
    (made / "empty").touch(mode=0o755)
    return made


def copied(folder: Path, target: Path) -> Manifest:
    manifest = replace(EMPTY, members=own_archive.described(folder))
    own_archive.write(target, folder, manifest, SEAL)
    return manifest


def content(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode & 0o711) for path in files}


def test_all_files_come_back(folder: Path, tmp_path: Path) -> None:
    manifest = copied(folder, tmp_path / "x.owncopy")
    assert (tmp_path / "x.owncopy").stat().st_mode & 0o777 == 0o600
    (tmp_path / "back").mkdir()
    assert own_archive.look(tmp_path / "x.owncopy", RING) == manifest
    assert own_archive.extract(tmp_path / "x.owncopy", RING, tmp_path / "back") == manifest
    assert content(tmp_path / "back") == content(folder)
    assert len(manifest.members) == 4
    assert own_archive.keys_of(tmp_path) == {"0001-ab"}


def test_a_copy_is_never_overwritten_and_never_half(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "x.owncopy"
    manifest = copied(folder, target)
    before = target.read_bytes()
    with pytest.raises(Unfit, match="never overwritten"):
        copied(folder, target)
    assert target.read_bytes() == before
    with pytest.raises(FileNotFoundError):
        own_archive.write(tmp_path / "y", tmp_path, manifest, SEAL)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "x.owncopy"], "no half copy, no draft"


def test_no_room_is_said_before_anything_is_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(folder, tmp_path / "x.owncopy")
    (tmp_path / "back").mkdir()
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Disk", (), {"free": 1_000_000}))
    with pytest.raises(Unfit, match="too little room"):
        own_archive.extract(tmp_path / "x.owncopy", RING, tmp_path / "back")
    assert list((tmp_path / "back").iterdir()) == []


def test_gigabytes_need_little_memory(tmp_path: Path) -> None:
    """Stands for them: 30 MB go through, and never are more than a few in memory."""
    (tmp_path / "made").mkdir()
    (tmp_path / "made/large").write_bytes(os.urandom(3_000_000) * 10)
    (tmp_path / "back").mkdir()
    tracemalloc.start()
    try:
        copied(tmp_path / "made", tmp_path / "x.owncopy")
        own_archive.extract(tmp_path / "x.owncopy", RING, tmp_path / "back")
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


# Hostile copies: sealed with the right key, as only one who knows it can


def member(name: str, data: bytes) -> Member:
    return Member(name, len(data), sha256(data).hexdigest())


def planted(target: Path, manifest: Manifest, *entries: tuple[tarfile.TarInfo, bytes], after: bytes = b"") -> None:
    with target.open("wb") as out:
        sealing = Sealing(out, {}, SEAL)
        with gzip.GzipFile(fileobj=sealing, mode="wb") as packed:
            with tarfile.open(fileobj=packed, mode="w|") as tar:
                for info, data in ((entry("manifest.json", len(manifest.text())), manifest.text()), *entries):
                    tar.addfile(info, io.BytesIO(data))
            packed.write(after)
        sealing.close()


def entry(name: str, size: int, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    return info


def plain(name: str = "a", data: bytes = b"x") -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, len(data)), data


def naming(*names: str) -> Manifest:
    return replace(EMPTY, members=tuple(member(name, b"x") for name in names))


ONE = naming("a")
HOSTILE: dict[str, Callable[[Path], None]] = {
    "out of the directory": lambda at: planted(at, ONE, plain("../escaped")),
    "an absolute name": lambda at: planted(at, ONE, plain("/tmp/escaped")),
    "a manifest that leads out": lambda at: planted(at, naming("../escaped"), plain("../escaped")),
    "a link to a file": lambda at: planted(at, ONE, (entry("a", 0, tarfile.SYMTYPE, "/etc/passwd"), b"")),
    "a link to a directory, then a file in it": lambda at: planted(
        at, naming("d/escaped"), (entry("d", 0, tarfile.SYMTYPE, ".."), b""), plain("d/escaped")
    ),
    "a hard link": lambda at: planted(at, ONE, (entry("a", 0, tarfile.LNKTYPE, "/etc/passwd"), b"")),
    "a device": lambda at: planted(at, ONE, (entry("a", 0, tarfile.CHRTYPE), b"")),
    "a pipe": lambda at: planted(at, ONE, (entry("a", 0, tarfile.FIFOTYPE), b"")),
    "more than the manifest says": lambda at: planted(at, ONE, plain(), plain("b")),
    "less than the manifest says": lambda at: planted(at, ONE),
    "another size": lambda at: planted(at, ONE, plain("a", b"xx")),
    "other content": lambda at: planted(at, ONE, plain("a", b"y")),
    "one file twice": lambda at: planted(at, replace(EMPTY, members=2 * ONE.members), plain(), plain()),
    "a file as another's directory": lambda at: planted(at, naming("a", "a/b"), plain(), plain("a/b")),
    "a bomb behind the end": lambda at: planted(at, ONE, plain(), after=bytes(20_000_000)),
    "a bomb instead of a manifest": lambda at: planted(at, replace(EMPTY, migrations=("x" * 17_000_000,))),
    "no tar at all": lambda at: sealed_plain(at, b"nothing"),
    "nothing packed": lambda at: sealed_plain(at, b""),
    "zeros without end": lambda at: sealed_plain(at, gzip.compress(bytes(20_000_000))),
}  # fmt: skip


def sealed_plain(target: Path, data: bytes) -> None:
    with target.open("wb") as out:
        sealing = Sealing(out, {}, SEAL)
        sealing.write(data)
        sealing.close()


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_copy_is_refused(tmp_path: Path, hostile: str) -> None:
    HOSTILE[hostile](tmp_path / "x.owncopy")
    (tmp_path / "in").mkdir()
    with pytest.raises((Unfit, OSError)) as caught:
        own_archive.extract(tmp_path / "x.owncopy", RING, tmp_path / "in")
    assert hostile == "a file as another's directory" or isinstance(caught.value, Unfit)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "x.owncopy"], "nothing got out"
    assert not any(path.is_symlink() for path in (tmp_path / "in").rglob("*"))
    assert not Path("/tmp/escaped").exists()


@pytest.mark.parametrize("tenth", range(10))
def test_a_copy_altered_anywhere_is_refused(folder: Path, tmp_path: Path, tenth: int) -> None:
    copied(folder, path := tmp_path / "x.owncopy")
    data = bytearray(path.read_bytes())
    data[(len(data) - 1) * tenth // 9] ^= 0x40
    path.write_bytes(data)
    (tmp_path / "back").mkdir()
    with pytest.raises(Unfit):
        own_archive.extract(path, RING, tmp_path / "back")


@pytest.mark.parametrize("share", [0, 0.2, 0.5, 0.9, 0.99999])
def test_a_copy_cut_short_is_refused(folder: Path, tmp_path: Path, share: float) -> None:
    copied(folder, path := tmp_path / "x.owncopy")
    os.truncate(path, int(path.stat().st_size * share))
    (tmp_path / "back").mkdir()
    with pytest.raises(Unfit):
        own_archive.extract(path, RING, tmp_path / "back")
