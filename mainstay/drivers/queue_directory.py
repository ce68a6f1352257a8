"""A directory as a queue: each file waits to be fetched. Only this directory's own files; no link is followed."""

import os
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase

from mainstay.domain.reading import Fault, Problem, Reading

MOST = 100_000
"""Entries that one look goes through."""


class Directory:
    """Waiting files by a pattern, as a shell would expand it: hidden ones, often still being written, do not count."""

    def __init__(self, path: str, pattern: str, seconds: float) -> None:
        self._path, self._pattern, self._seconds = path, pattern, seconds

    def read(self) -> Reading:
        times: list[float] = []
        problem = None
        try:
            times += self._waiting()
        except _TooMany as past:
            times, problem = past.times, Problem(Fault.TOO_LARGE, str(past))
        except TimeoutError:
            detail = f"{self._path}: going through it took longer than {self._seconds:g} s"
            return Reading(problem=Problem(Fault.TIMEOUT, detail), blind=True)
        except PermissionError:
            return Reading(problem=Problem(Fault.SETUP, f"{self._path}: may not be read"), blind=True)
        except OSError as error:
            return Reading(problem=Problem(Fault.MISSING, f"{self._path}: {error.strerror}"))
        age = time.time() - min(times) if times else 0.0
        return Reading({"depth": float(len(times)), "age": max(0.0, age)}, problem)

    def _waiting(self) -> list[float]:
        """When each file was last written."""
        end = time.monotonic() + self._seconds
        times: list[float] = []
        with os.scandir(self._path) as entries:
            for number, entry in enumerate(entries):
                if number >= MOST:
                    raise _TooMany(self._path, times)
                if time.monotonic() > end:
                    raise TimeoutError
                times += self._written(entry)
        return times

    def _written(self, entry: os.DirEntry[str]) -> Iterator[float]:
        hidden = entry.name.startswith(".") and not self._pattern.startswith(".")
        if hidden or not fnmatchcase(entry.name, self._pattern) or not entry.is_file(follow_symlinks=False):
            return
        try:
            yield entry.stat(follow_symlinks=False).st_mtime
        except FileNotFoundError:  # fetched in this moment
            return

    def close(self) -> None:
        """Nothing is kept."""


class _TooMany(Exception):
    def __init__(self, path: str, times: list[float]) -> None:
        super().__init__(f"{path} holds more than {MOST:,} entries: depth and age are of the first that were seen")
        self.times = times
