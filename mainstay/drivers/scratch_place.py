"""Where a scratch server lives: in the run's own directory, or, where its account may not enter that or the path is too
long for a socket file, in one of its own among the temporary files; a link in the run's directory says where.

Servers refuse to run as root, so root hands them to another account.
"""

import contextlib
import os
import pwd
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from mainstay.drivers import scratch_disk

_PREFIX = "mainstay-scratch-"
_LONGEST = 70
"""Characters of a directory in which a socket file may lie."""


def account(name: str) -> str:
    """Whom a server runs as: that account where it exists, else nobody; empty for ourselves."""
    if os.geteuid() != 0:
        return ""
    return name if name in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


def home(directory: Path, kind: str, user: str) -> Path:
    """The directory of a run's server; made when it is not there. It belongs to the server's account and has a
    ``socket`` directory that is closed to others."""
    link = _link(directory, kind)
    if link.exists():
        return link.resolve()
    own = directory / kind
    if len(str(own)) > _LONGEST or (user and not _may_enter(directory, user)):
        part, own = own, Path(tempfile.mkdtemp(prefix=_PREFIX))
        link.symlink_to(own)  # before anything is mounted there: what has no link is not found again
        scratch_disk.lend(directory, part, own)
    else:
        link.symlink_to(own)
    for path, mode in ((own, 0o711), (own / "socket", 0o700)):
        path.mkdir(exist_ok=True)
        path.chmod(mode)
        give(path, user)
    return own


def all_of(directory: Path) -> Iterator[Path]:
    """The run's own directory, and those of its servers that lie elsewhere."""
    yield directory
    for link in directory.glob(_link(directory, "*").name):
        if (where := link.resolve()).name.startswith(_PREFIX):
            yield where


def give(path: Path, user: str) -> None:
    """Make the account the owner, where it is not ourselves."""
    if user:
        shutil.chown(path, user, pwd.getpwnam(user).pw_gid)


def left(directory: Path, kind: str) -> Path | None:
    """The place that a run left, if it left one."""
    link = _link(directory, kind)
    return link.resolve() if link.is_symlink() else None


def end(pid: int, name: str, data: Path) -> None:
    """End a server that was left, if it is what it should be: a program of that name, at work in that directory."""
    here = Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):
        if (here / "exe").resolve().name != name or (here / "cwd").resolve() != data:
            return
        os.kill(pid, signal.SIGKILL)
        while here.exists() and "\nState:\tZ" not in (here / "status").read_text():
            time.sleep(0.02)


def remove(directory: Path, kind: str) -> None:
    """All of it, and the link."""
    link = _link(directory, kind)
    if link.is_symlink():
        where = link.resolve()
        if where == directory.resolve() / kind or where.name.startswith(_PREFIX):
            scratch_disk.end(where)
            shutil.rmtree(directory / kind, ignore_errors=True)
            shutil.rmtree(where, ignore_errors=True)
        link.unlink()


def _link(directory: Path, kind: str) -> Path:
    return directory / f"scratch-{kind}"


def _may_enter(directory: Path, user: str) -> bool:
    """Whether every directory on the way is open to the account."""
    own = pwd.getpwnam(user)
    for path in (directory.resolve(), *directory.resolve().parents):
        found = path.stat()
        bit = 0o100 if found.st_uid == own.pw_uid else 0o010 if found.st_gid == own.pw_gid else 0o001
        if not found.st_mode & bit:
            return False
    return True
