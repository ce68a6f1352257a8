"""Where runs work: a directory a run, which is gone when the run is, however it ended."""

import hashlib
import os
import shutil
import stat
from pathlib import Path

from mainstay.settings import DATA, WORKSPACE


def work() -> Path:
    """The directory of all runs: ``data/backups``. Under root the scratch servers run as other accounts, which may not
    enter ``data``: then it is a directory of root's own below /var/tmp."""
    if os.geteuid() != 0:
        return own(DATA / "backups", 0o700)
    name = hashlib.sha256(str(WORKSPACE).encode()).hexdigest()[:16]
    return own(Path("/var/tmp") / f"mainstay-backups-{name}", 0o711)  # noqa: S108 - its owner is looked at


def own(path: Path, mode: int) -> Path:
    """A directory that nobody else can put anything into. Raises PermissionError for one that somebody else made."""
    path.mkdir(parents=True, exist_ok=True, mode=mode)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(f"{path} belongs to somebody else; remove it")
    path.chmod(mode)
    return path


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
