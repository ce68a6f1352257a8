"""The disk with Mainstay's own data is full: it says so, keeps nothing by halves, and goes on when there is room."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.line.receiver import Receiver, receiving
from tests.line.site import Site, Targets, targets, until

__all__ = ["targets"]
COUNT = 4


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own at the folder."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "mainstay-test", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Not a byte is left."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                size //= 2
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def limited(*processes: int) -> Iterator[None]:
    """No file of theirs may grow beyond what a log needs: what a quota does."""
    kept = {one: resource.prlimit(one, resource.RLIMIT_FSIZE) for one in processes}
    for one in processes:
        resource.prlimit(one, resource.RLIMIT_FSIZE, (64 << 10, kept[one][1]))
    try:
        yield
    finally:
        for one in processes:
            if psutil.pid_exists(one):
                resource.prlimit(one, resource.RLIMIT_FSIZE, kept[one])


def story(site: Site, watched: Targets, receiver: Receiver, full: Callable[[int, int], Iterator[None]]) -> None:
    with site.process("checker") as checker, site.process("engine") as engine:
        until(lambda: list(site.states().values()) == ["ok"] * COUNT)
        with full(checker.pid, engine.pid):
            until(lambda: "the database is away" in site.log("checker").read_text())
            before = site.changes()
            for number in range(COUNT):
                watched.shut(number)
            until(lambda: "the database cannot be used" in site.log("engine").read_text())
            assert site.changes() == before
            assert (checker.poll(), engine.poll()) == (None, None), "they go on"
        until(lambda: list(site.states().values()) == ["critical"] * COUNT)
        until(lambda: len(receiver.words("opened")) == COUNT)
        until(lambda: not site.count("select count(*) from notices_delivery where sent_at is null"))
        for number in range(COUNT):
            watched.open(number)
        until(lambda: list(site.states().values()) == ["ok"] * COUNT)
    site.assert_whole()
    assert site.rows("pragma integrity_check") == [("ok",)]
    assert site.count("select count(*) from incidents_incident") == COUNT
    for role in ("checker", "engine"):
        assert "Traceback" not in site.log(role).read_text(), f"the {role} says it in a sentence"


def test_a_full_disk(tmp_path: Path, targets: Callable[[int], Targets], receiver: Receiver) -> None:
    site, watched = Site(tmp_path), targets(COUNT)
    with small_disk(tmp_path / "data", "24m"):
        site.apply(watched.catalogue(), receiver.url)
        story(site, watched, receiver, contextmanager(lambda *_: (yield from fill(tmp_path / "data"))))


def fill(folder: Path) -> Iterator[None]:
    with filled(folder):
        yield


def test_a_quota(tmp_path: Path, targets: Callable[[int], Targets], receiver: Receiver) -> None:
    site, watched = Site(tmp_path), targets(COUNT)
    site.apply(watched.catalogue(), receiver.url)
    story(site, watched, receiver, limited)


@pytest.mark.parametrize("room", [0, 64, 512])
def test_a_workspace_is_begun_whole_or_not(tmp_path: Path, room: int) -> None:
    """``room`` in KiB: too little for a database, then enough."""
    folder = tmp_path / "work"
    command = [sys.executable, "-m", "mainstay", "init", str(folder)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAINSTAY_DATABASE")}
    environment["MAINSTAY_WORKSPACE"] = str(tmp_path)
    with small_disk(folder, "16m"):
        with filled(folder):
            if room:
                os.truncate(folder / "ballast", (folder / "ballast").stat().st_size - room * 1024)
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode >= 64
            assert "No space left" in done.stderr or "disk is full" in done.stderr, done.stderr
            assert "Traceback" not in done.stderr
        again = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert again.returncode == 0, again.stderr
        assert "dead_man" in (folder / "mainstay.toml").read_text(), "an empty file would stay as it is for good"
        command[3:] = ["validate"]
        done = subprocess.run(
            command, env={**environment, "MAINSTAY_WORKSPACE": str(folder)}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr + done.stdout
