"""A proof on a host of the user's: the copy is poured there and opened there. Nothing of it lies on this disk."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

from mainstay.backups.models import Copy
from mainstay.domain.proof import room
from mainstay.drivers import ssh
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.far_host import BASE, Asked, FarHost
from mainstay.drivers.restic import Restic
from mainstay.engine.jobs.backup import SPARE
from mainstay.engine.jobs.bench import Bench
from mainstay.settings import NETWORK


@contextmanager
def place(bench: Bench, copy: Copy) -> Iterator[FarHost | None]:
    """The place where the policy wants its proofs, for as long as the block lasts; None for this machine. Raises
    ToolFailed."""
    component = bench.means.host
    if component is None:
        yield None
        return
    size = room(copy.size, bench.meant.prove.room, sys.maxsize)  # what is free there is not known yet
    base = str(component.get("scratch") or BASE)
    with closing(FarHost(ssh.door_of(component), NETWORK, Asked(base, size, SPARE), bench.directory)) as host:
        bench.require_room(base, 2 * copy.size + SPARE, host.free)
        yield host


def poured(bench: Bench, copy: Copy, restic: Restic, host: FarHost) -> int:
    """The copy lies in ``copy`` there; bytes of its files. Raises ToolFailed."""
    try:
        restic.pour(copy.identifier, lambda source: host.unpack(source, "copy", bench.until), bench.until)
        sizes: list[str] = []
        words = ["find", "copy", "-type", "f", "-printf", "%s\\n"]
        host.run(words, until=bench.until, line=sizes.append)
    except ToolFailed:
        if why := host.ended():
            raise why from None
        raise
    return sum(map(int, sizes))
