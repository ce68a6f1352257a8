"""How much of the disk a run's scratch place may take.

Hard where ``scratch_disk`` can make a file system for it. Elsewhere what lies there is measured again and again, and a
file of more than all of it is refused by the kernel: what is written between two looks may go beyond. In both cases all
programs of this process are ended as soon as it is seen, and so they are when the disk below is nearly full, whoever
filled it.
"""

import os
import shutil
import threading
import time
from pathlib import Path

from mainstay.domain.saying import say
from mainstay.drivers import program, scratch_disk, scratch_place
from mainstay.drivers.far_keeper import BLOCK, blocks

STEP = 0.2
"""Seconds between two looks, at least; a look takes a fifth of the time at most."""
"""Bytes of a block as Linux counts those of a file, whatever those of its file system are."""


class Allowance(threading.Thread):
    """From ``start()`` to ``close()``: ``most`` is the most that was taken, in bytes; ``outgrown`` says, once that
    happened, that it was more than ``size``, or that less than ``floor`` was left on the disk below. The directory must
    be empty, and is then whoever's it was."""

    def __init__(self, directory: Path, size: int, floor: int) -> None:
        super().__init__(name="allowance", daemon=True)
        self.size, self.most, self.outgrown = size, 0, ""
        self._directory, self._floor, self._over = directory, floor, threading.Event()
        self.hard = scratch_disk.begin(directory, size)
        self._empty = self._taken()
        program.HOUSE.largest = 0 if self.hard else size

    def run(self) -> None:
        pause = 0.0
        while not self._over.wait(pause):
            began = time.monotonic()
            self.look()
            pause = max(STEP, 4 * (time.monotonic() - began))

    def look(self) -> None:
        """Measure now, and end everything that writes when it is too much."""
        self.most = max(self.most, self._taken() - self._empty)
        if not self.outgrown:
            self.outgrown = self._judged()
        if self.outgrown:
            program.HOUSE.end_all()

    def _judged(self) -> str:
        if self.most > self.size:
            return say(
                "what is restored outgrew the %(size)s MB that it may take; give it more by prove.room of its policy",
                size=self.size // 1_000_000,
            )
        if (free := shutil.disk_usage(self._directory.parent).free) < self._floor:
            return say("less than %(size)s MB are left on the disk of the scratch place", size=_megabytes(free))
        return ""

    def close(self) -> None:
        """A last look; from then on nothing is bounded any more."""
        self._over.set()
        self.join()
        program.HOUSE.largest = 0
        self.look()

    def _taken(self) -> int:
        if self.hard:
            found = os.statvfs(self._directory)
            return (found.f_blocks - found.f_bfree) * found.f_frsize
        return sum(BLOCK * size for place in scratch_place.all_of(self._directory) for size in blocks(place))


def _megabytes(size: int) -> int:
    return size // 1_000_000 + 1
