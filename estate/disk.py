"""A small disk that can fill up: a mounted file system where that is possible, else a counted directory.

A process of its own, so that the mount ends with it whatever happens to the supervisor.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from estate.layout import Layout, read_json, write_json

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


def is_ready(layout: Layout) -> bool:
    return (layout.control / "disk.json").exists()


def quota(layout: Layout) -> int | None:
    """What the process said about the disk it has prepared."""
    found = read_json(layout.control / "disk.json").get("quota_bytes")
    return int(found) if found else None


def main(root: str) -> None:
    layout, endings = Layout(Path(root)), {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    write_json(layout.control / "disk.json", {"quota_bytes": prepare(layout.disk)})
    signal.sigwait(endings)
    release(layout.disk)


if __name__ == "__main__":
    main(*sys.argv[1:])
