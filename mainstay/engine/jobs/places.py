"""Where runs work: a directory a run, which is gone when the run is, however it ended."""

import os
import shutil
from pathlib import Path

from mainstay.settings import DATA, WORKSPACE


def work() -> Path:
    """The directory of all runs: ``data/backups``."""
    found = DATA / "backups"
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


def archiving(name: str) -> Path:
    """A directory that stays, for a tool whose programs the server's own account runs: it may be entered by all, and
    what in it is secret belongs to that account alone."""
    found = WORKSPACE / "archiving" / name
    found.mkdir(parents=True, exist_ok=True, mode=0o755)
    return found


def place(number: int) -> Path:
    """The directory of a job's run."""
    return work() / f"job-{number}"


def cache() -> Path:
    """Where restic keeps what speeds up the taking of copies; no restore ever looks there."""
    found = work() / "cache"
    found.mkdir(exist_ok=True, mode=0o700)
    return found


def numbers() -> list[int]:
    """Jobs that have a directory."""
    found = (path.name.removeprefix("job-") for path in work().glob("job-*"))
    return [int(name) for name in found if name.isdecimal()]


def remove(path: Path) -> None:
    """All of it, read-only directories too."""

    def unlock(_function: object, name: str, _error: object) -> None:
        Path(name).parent.chmod(0o700)
        (os.rmdir if Path(name).is_dir() and not Path(name).is_symlink() else os.unlink)(name)

    if path.exists():
        shutil.rmtree(path, onerror=unlock)


def free(path: Path) -> int:
    """Bytes left there."""
    return shutil.disk_usage(path).free
