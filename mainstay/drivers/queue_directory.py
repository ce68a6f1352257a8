"""A directory as a queue: each file waits to be fetched. Only this directory's own files; no link is followed."""

import os
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase

from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say, words_of
from mainstay.drivers.foreign import at, os_words

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
            times, problem = past.times, Problem(Fault.TOO_LARGE, words_of(past))
        except TimeoutError:
            detail = say("%(path)s: going through it took longer than %(seconds)s s", path=self._path,
                         seconds=f"{self._seconds:g}")  # fmt: skip
            return Reading(problem=Problem(Fault.TIMEOUT, detail), blind=True)
        except PermissionError:
            return Reading(problem=Problem(Fault.SETUP, say("%(path)s: may not be read", path=self._path)), blind=True)
        except OSError as error:
            return Reading(problem=Problem(Fault.MISSING, at(self._path, os_words(error))))
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
        super().__init__(say("%(path)s holds more than %(n)s entries: depth and age are of the first that were seen",
                             path=path, n=f"{MOST:,}"))  # fmt: skip
        self.times = times
