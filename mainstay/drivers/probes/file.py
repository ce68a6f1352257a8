"""Files: how many, how old, how large; or how full a directory or its file system is."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field, model_validator

from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say
from mainstay.drivers.foreign import at, os_words
from mainstay.drivers.kinds import Strict
from mainstay.drivers.probes import Reach

BLOCKING = True
METRICS = {
    "count": "1", "newest": "s", "oldest": "s", "size": "B", "smallest": "B", "largest": "B", "used": "%", "free": "B",
    "inodes": "%",
}  # fmt: skip
TITLES = {
    "count": say("files"), "newest": say("age of the newest file"), "oldest": say("age of the oldest file"),
    "size": say("size of all files"), "smallest": say("smallest file"), "largest": say("largest file"),
    "used": say("disk in use"), "free": say("disk space left"), "inodes": say("inodes in use"),
}  # fmt: skip

MOST = 100_000
"""Files that one look counts."""


class Settings(Strict):
    """``path`` is a file, or a pattern such as ``/backup/*.dump``; ``directory`` is looked at as a whole."""

    path: str = ""
    directory: str = ""
    quota: int | str = Field(0, description="bytes that the directory may hold; 0: what its file system has")

    @model_validator(mode="after")
    def _one(self) -> "Settings":
        if bool(self.path) == bool(self.directory):
            raise ValueError("give either path or directory")
        return self


class Probe:
    """Looks at this machine's files."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._deadline = settings, reach.timeout

    def read(self) -> Reading:
        try:
            return self._files() if self._settings.path else self._directory()
        except TimeoutError:
            detail = say("counting took longer than %(seconds)s s", seconds=f"{self._deadline:g}")
            return Reading(problem=Problem(Fault.TIMEOUT, detail), blind=True)
        except PermissionError as error:
            detail = say("%(path)s: may not be read", path=error.filename)
            return Reading(problem=Problem(Fault.SETUP, detail), blind=True)
        except OSError as error:
            return Reading(problem=Problem(Fault.MISSING, at(str(error.filename), os_words(error))))

    def _files(self) -> Reading:
        pattern = Path(self._settings.path)
        found = list(self._until(pattern.parent.glob(pattern.name)))
        stats = [path.stat() for path in found if path.is_file()]
        if not stats:
            return Reading({"count": 0.0}, Problem(Fault.MISSING, say("no file matches %(pattern)s", pattern=pattern)))
        now = time.time()
        return Reading({
            "count": float(len(stats)),
            "newest": max(0.0, now - max(one.st_mtime for one in stats)),
            "oldest": max(0.0, now - min(one.st_mtime for one in stats)),
            "size": float(sum(one.st_size for one in stats)),
            "smallest": float(min(one.st_size for one in stats)),
            "largest": float(max(one.st_size for one in stats)),
        })  # fmt: skip

    def _directory(self) -> Reading:
        directory = Path(self._settings.directory)
        quota = int(self._settings.quota)
        if not quota:
            return Reading(_file_system(directory))
        os.scandir(directory).close()  # what is not there, or may not be read, is not empty
        size = sum(path.lstat().st_size for path in self._until(directory.rglob("*")) if path.is_file())
        return Reading({"size": float(size), "used": 100 * size / quota, "free": float(max(0, quota - size))})

    def _until(self, paths: Iterator[Path]) -> Iterator[Path]:
        end = time.monotonic() + self._deadline
        for number, path in enumerate(paths):
            if number >= MOST or time.monotonic() > end:
                raise TimeoutError
            yield path

    def close(self) -> None:
        """Nothing is kept between two looks."""


def _file_system(directory: Path) -> dict[str, float]:
    """As df(1) counts: what root keeps back is not free."""
    found = os.statvfs(directory)
    used = (found.f_blocks - found.f_bfree) * found.f_frsize
    free = found.f_bavail * found.f_frsize
    values = {"size": float(used), "free": float(free), "used": 100 * used / max(1, used + free)}
    if found.f_files:
        values["inodes"] = 100 * (found.f_files - found.f_ffree) / found.f_files
    return values
