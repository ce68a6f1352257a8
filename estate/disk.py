"""A small disk that can fill up: a mounted file system where that is possible, else a counted directory."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

SIZE = 48 * 1024 * 1024
ARCHIVE = 9 * 1024 * 1024
FILLER = "filler.bin"


def prepare(folder: Path) -> int | None:
    """Mount and furnish the disk; returns its quota, or None when it is a real file system."""
    release(folder)  # a start that was killed may have left its mount
    mounted = _mount(folder)
    for number in range(3):
        (folder / f"scans-{number}.bin").write_bytes(os.urandom(ARCHIVE // 3))
    return None if mounted else SIZE


def release(folder: Path) -> None:
    if folder.is_mount():
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)


def fill(folder: Path, share: float) -> None:
    """Write one file until the given share of the disk is used."""
    used = sum(path.stat().st_size for path in folder.iterdir() if path.name != FILLER)
    wanted = int(SIZE * share) - used
    block = b"\0" * (1024 * 1024)
    with (folder / FILLER).open("wb") as file:
        while wanted > 0:
            wanted -= file.write(block[: min(wanted, len(block))])


def empty(folder: Path) -> None:
    (folder / FILLER).unlink(missing_ok=True)


def _mount(folder: Path) -> bool:
    """A memory file system needs no loop device and vanishes with its mount."""
    if os.geteuid() != 0:
        return False
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "estate-disk", str(folder)],
        capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode == 0
