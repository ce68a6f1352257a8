"""The fingerprint of files: what lies below some paths, and one digest over all of it."""

import fnmatch
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Sign:
    """By what a change of one file is seen without reading it; ``ctime`` cannot be set back."""

    size: int
    mtime: int
    ctime: int
    inode: int
    mode: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One file as it was read: its size, and a digest over its kind, mode, size and content."""

    size: int
    digest: bytes


def walk(paths: Iterable[Path], excluded: Sequence[str] = ()) -> Iterator[Path]:
    """All files and links below the paths; directories are known by what is in them. Raises OSError."""
    for path in paths:
        if any(_matches(path, pattern) for pattern in excluded):
            continue
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            yield from walk(sorted(path.iterdir()), excluded)
        elif not stat.S_ISSOCK(mode):
            yield path


def left_out(place: Path, name: Path, excluded: Sequence[str]) -> Iterator[tuple[Path, Path]]:
    """What of a tree the patterns leave out: where it lies, and its name, when the tree is known as ``name``. Raises
    OSError."""
    if any(_matches(name, pattern) for pattern in excluded):
        yield place, name
    elif stat.S_ISDIR(place.lstat().st_mode):
        for child in sorted(place.iterdir()):
            yield from left_out(child, name / child.name, excluded)


def understood(pattern: str) -> bool:
    """Whether a pattern means the same to restic as it does here: ``*`` and ``?`` in names, or in an absolute path."""
    return bool(pattern.strip("/")) and not set(pattern) & set("[]\\!$") and "**" not in pattern and (
        "/" not in pattern or pattern.startswith("/")
    )  # fmt: skip


def _matches(path: Path, pattern: str) -> bool:
    if "/" not in pattern:
        return any(fnmatch.fnmatchcase(part, pattern) for part in path.parts)
    wanted = Path(pattern).parts
    return len(path.parts) >= len(wanted) and all(
        fnmatch.fnmatchcase(part, one) for part, one in zip(path.parts, wanted, strict=False)
    )


def sign(path: Path) -> Sign:
    """Raises OSError."""
    found = path.lstat()
    return Sign(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_mode)


def entry(path: Path) -> Entry:
    """Raises OSError. A device or a pipe is known by its kind; it is not opened."""
    found = path.lstat()
    mode, size, content = found.st_mode, found.st_size, hashlib.sha256()
    if stat.S_ISLNK(mode):
        content.update(os.fsencode(path.readlink()))
        mode = stat.S_IFMT(mode)  # the mode of a link means nothing
    elif stat.S_ISREG(mode):
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                content.update(chunk)
    else:
        size = 0
    return Entry(size, hashlib.sha256(f"{mode:o} {size} {content.hexdigest()}".encode()).digest())


def fingerprint(entries: Mapping[str, Entry]) -> dict[str, Any]:
    """Of files by the names that they are known by."""
    whole = hashlib.sha256()
    for name in sorted(entries):
        whole.update(os.fsencode(name) + b"\0" + entries[name].digest)
    return {"count": len(entries), "bytes": sum(one.size for one in entries.values()), "digest": whole.hexdigest()}


def remove(path: Path) -> None:
    """All of it, read-only directories too; fine when there is nothing."""

    def unlock(_function: object, name: str, _error: object) -> None:
        Path(name).parent.chmod(0o700)
        (os.rmdir if Path(name).is_dir() and not Path(name).is_symlink() else os.unlink)(name)

    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path, onerror=unlock)
