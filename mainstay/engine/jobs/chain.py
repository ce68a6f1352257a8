"""What a copy rests upon: an increment is of use only with all that lies below it, the full copy first."""

from mainstay.backups.models import Copy
from mainstay.drivers.restic import Restic
from mainstay.engine.jobs.bench import Bench


def below(copy: Copy) -> list[Copy]:
    """The oldest first; as many as its tool said that it rests on, or those that are on record."""
    found: list[Copy] = []
    one = copy
    while one.base is not None and len(found) < int(copy.point.get("depth", 0)):
        one = one.base
        found.insert(0, one)
    return found


def size(copy: Copy) -> int:
    """Bytes of the copy with all that it rests upon."""
    return copy.size + sum(one.size for one in below(copy))


def load(bench: Bench, copy: Copy, restic: Restic) -> None:
    """Into ``bases/0``, ``bases/1`` and so on of the run. Raises ToolFailed."""
    bases = below(copy)
    if not bases:
        return
    room = bench.room("bases")
    for number, one in enumerate(bases):
        place = room / str(number)
        place.mkdir(mode=0o700)
        restic.load(one.identifier, place, bench.until)
