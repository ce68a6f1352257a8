"""A proof within its room: what outgrows it is stopped, says so, and says nothing about the copy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mainstay.backups.models import Copy
from mainstay.domain.proof import room
from mainstay.domain.saying import say
from mainstay.drivers.allowance import Allowance
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.engine.jobs import chain, places
from mainstay.engine.jobs.backup import SPARE
from mainstay.engine.jobs.bench import Bench


@contextmanager
def bounded(bench: Bench, copy: Copy) -> Iterator[dict[str, Any]]:
    """Bound what the block writes in the run's directory, which must be empty; nothing where it is done on another
    host. Yields what becomes, at the end, how much that was. Raises ToolFailed (no-space) whatever the block itself
    made of it."""
    if bench.means.host is not None:  # all of it is there
        yield {}
        return
    whole = chain.size(copy)
    bench.require_room("this machine", 2 * whole + SPARE, places.free(bench.directory))
    size = room(whole, bench.meant.prove.room, places.free(bench.directory) - SPARE)
    if size < whole:
        text = say(
            "the copy is of %(copy)s MB, and what is restored may take %(size)s MB: see prove.room of its policy",
            copy=whole // 1_000_000 + 1, size=max(0, size) // 1_000_000,
        )  # fmt: skip
        raise ToolFailed("no-space", text)
    said: dict[str, Any] = {}
    allowance = Allowance(bench.directory, size, SPARE // 2)
    allowance.start()
    try:
        yield said
    finally:
        allowance.close()
        said |= {"allowed": size, "most": allowance.most, "hard": allowance.hard}
        if allowance.outgrown:  # a program that found the disk full may have said anything at all
            raise ToolFailed("no-space", allowance.outgrown) from None
