"""The files of a workspace: which belong into a copy, who holds it at the moment, and how one takes another's place."""

import ctypes
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from mainstay.domain.own_copy import Unfit
from mainstay.domain.saying import say
from mainstay.drivers.own_archive import SUFFIX
from mainstay.drivers.sealed_file import durable

SETTINGS = "mainstay.toml"
DATABASE = "mainstay.sqlite3"
_FOLDERS = ("catalogue", "packs", "plugins", "runbooks", "data")
_STAGE = ".copying"
_NOT_OURS = (".", DATABASE)
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_libc = ctypes.CDLL(None, use_errno=True)


def gather(workspace: Path, stage: Path, without: Sequence[str] = ()) -> None:
    """Copy what belongs to the workspace beside its database into ``stage``. A link is followed: what it leads to is
    kept. ``without``: folders as ``data/keys``."""
    for name in (SETTINGS, ".gitignore"):
        if (workspace / name).is_file():
            _take(workspace / name, stage / name)
    for folder in _FOLDERS:
        for name, source in _files(workspace / folder, folder):
            if not any(name.startswith(f"{one}/") for one in without):
                _take(source, stage / name)


def gather_folder(workspace: Path, stage: Path, folder: str) -> None:
    """One folder once more; what lies in ``stage`` already stays as it is."""
    for name, source in _files(workspace / folder, folder):
        if not (stage / name).exists():
            _take(source, stage / name)


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    seen: set[str] = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(here)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [one for one in folders if not one.startswith(".")]
        for name in files:
            path = Path(here, name)
            if not name.startswith(_NOT_OURS) and path.suffix not in (SUFFIX, ".lock") and path.is_file():
                yield f"{prefix}/{path.relative_to(folder)}", path


def close_to_others(data: Path) -> None:
    """Only its owner enters the directory with keys and database."""
    for path in (data, *data.rglob("*")):
        if path.is_dir():
            path.chmod(0o700)


def _take(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        shutil.copy(source, target)
    except FileNotFoundError:  # a draft of somebody's editor, gone since it was listed
        target.unlink(missing_ok=True)


@contextmanager
def copying(data: Path) -> Iterator[Path]:
    """An empty directory to gather a copy in, readable by its owner alone; one at a time. What somebody who was killed
    left in it is removed. Raises Unfit while another copy is being made."""
    with held(data / "copying.lock", alone=True, refusal=say("another copy of Mainstay is being made")):
        stage = data / _STAGE
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir(mode=0o700)
        try:
            yield stage
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def running(data: Path) -> AbstractContextManager[None]:
    """Held by ``mainstay up`` for as long as it runs; any number may."""
    return held(data / "up.lock", alone=False, refusal=say("this workspace is being replaced by a copy"))


def resting(data: Path) -> AbstractContextManager[None]:
    """Held while a workspace is replaced. Raises Unfit while ``mainstay up`` runs in it."""
    return held(data / "up.lock", alone=True, refusal=say("Mainstay runs in this workspace; end mainstay up first"))


@contextmanager
def held(path: Path, *, alone: bool, refusal: str) -> Iterator[None]:
    """A lock that the kernel lets go of when its holder dies. Raises Unfit with ``refusal``."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unfit(refusal) from None
        yield
    finally:
        os.close(handle)


def exchange(one: Path, other: Path) -> None:
    """Each directory takes the other's name, both in one step of the kernel's. Raises Unfit where that cannot be."""
    if _libc.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE):
        number = ctypes.get_errno()
        if number in (errno.EBUSY, errno.EXDEV, errno.EINVAL, errno.ENOSYS):
            words = say(
                "%(path)s cannot change places with another directory (%(why)s): is it a mount? Restore with --into "
                "a directory beside, and mount that",
                path=other, why=os.strerror(number),
            )  # fmt: skip
            raise Unfit(words)
        raise OSError(number, os.strerror(number), str(other))
    durable(other.parent)
