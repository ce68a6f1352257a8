"""A file system of its own for what a run restores, as large as that may become: past it the kernel says that the disk
is full, and the machine's own disk is not. Only root can have one: an image in the run's directory, as long as what is
in it, is mounted over that very directory. Servers whose account may not enter there are lent a part of it elsewhere.
"""

import os
import time
from pathlib import Path

from mainstay.drivers import program
from mainstay.drivers.backup_tools import ToolFailed

_IMAGE = "disk"
_OWN = 16 << 20
"""Bytes that a file system takes for itself, besides a twelfth for its inodes, one for each 4 kB."""
_FORM = ("-q", "-F", "-i", "4096", "-m", "0", "-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard")
_SECONDS, _TRIES, _PAUSE = 60, 40, 0.05


def begin(directory: Path, size: int) -> bool:
    """Make the empty directory a file system of so many bytes; whether that could be done here."""
    if os.geteuid() != 0:
        return False
    image = directory / _IMAGE
    try:
        with image.open("wb") as file:
            file.truncate(size + size // 12 + _OWN)
        _run("mkfs.ext4", *_FORM, str(image))
        _run("mount", "-t", "ext4", "-o", "loop,nosuid,nodev", str(image), str(directory))
    except (ToolFailed, OSError):  # no such right, as in most containers, or no such program
        image.unlink(missing_ok=True)
        return False
    directory.chmod(0o700)
    (directory / "lost+found").rmdir()
    return True


def lend(directory: Path, part: Path, place: Path) -> None:
    """Let a part of the run's file system be seen at a place outside of it too; nothing where it has none. Raises
    ToolFailed."""
    if directory.is_mount():
        part.mkdir(exist_ok=True)
        _run("mount", "--bind", str(part), str(place))


def end(place: Path) -> None:
    """Take back what was lent to a place, or end the file system of a directory; fine when there is nothing. One that a
    process hangs in goes when that process does. Raises ToolFailed."""
    tries = 0
    while place.is_mount():
        tries += 1
        try:
            _run("umount", *(["--lazy"] if tries > _TRIES else []), str(place))
        except ToolFailed:
            if tries > _TRIES:
                raise
            time.sleep(_PAUSE)


def _run(*words: str) -> None:
    ended = program.run(words, until=time.monotonic() + _SECONDS)
    if ended.code:
        raise ToolFailed("failed", f"{words[0]}: {ended.err.strip()[-300:]}")
