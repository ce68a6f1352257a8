"""Random moments of a ledger under load, restored, against a log of its commits that the database did not write."""

import time
from dataclasses import dataclass
from datetime import datetime
from random import Random

from mainstay.drivers.backup_tools import Taken
from tests.drivers import ledger
from tests.drivers.archived import Archive, archived


@dataclass(frozen=True)
class Measured:
    """``wrong`` counts books that differ from the log by one cent or more; ``seconds`` is the mean of one restore."""

    targets: int
    wrong: int
    transfers: int
    per_second: float
    seconds: float
    slowest: float


Moments = list[tuple[datetime, ledger.Transfer]]


def measure(targets: int = 100, seconds: float = 60.0, seed: int = 1) -> Measured:
    """Post for that long, with copies taken in the middle of it; then restore."""
    random, log = Random(seed), ledger.Log()
    with archived() as archive:
        ledger.make(archive.dsn)
        began = time.monotonic()
        with ledger.busy(archive.dsn, log, clerks=3):
            copies = _copies(archive, began, seconds)
        posting = time.monotonic() - began
        moments = log.moments(archive.dsn)
        (span,) = archive.tool().reach(archive.run(seconds=300))
        took, wrong = [], 0
        for number in range(targets):
            at = span.first + (moments[-1][0] - span.first) * random.random()
            usable = [copy for copy in copies if datetime.fromisoformat(copy.point["whole_at"]) <= at]
            begun = time.monotonic()
            right = _same(archive, random.choice(usable), at, moments)
            took.append(time.monotonic() - begun)
            wrong += not right
            word = "equal" if right else "DIFFERENT"
            print(f"pitr {number + 1}: {at:%H:%M:%S.%f} {word}, {took[-1]:.1f} s", flush=True)
    return Measured(targets, wrong, len(moments), len(moments) / posting, sum(took) / len(took), max(took))


def _copies(archive: Archive, began: float, seconds: float) -> list[Taken]:
    """Full, incremental, incremental, while it is posted to; and some posts after the last of them."""
    taken: list[Taken] = []
    for share in (0.1, 0.4, 0.7):
        time.sleep(max(0.0, began + seconds * share - time.monotonic()))
        level = "incremental" if taken else "full"
        taken.append(archive.tool().take(archive.run(level, taken[-1] if taken else None, seconds=300)))
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    return taken


def _same(archive: Archive, copy: Taken, at: datetime, moments: Moments) -> bool:
    posted = [one for moment, one in moments if moment <= at]
    with archive.opened(copy, at) as opened:
        return ledger.found(opened.component["dsn"]) == ledger.expected(posted)


def said(found: Measured) -> str:
    """One line."""
    return (
        f"pitr: {found.targets} random moments of {found.transfers} transfers ({found.per_second:.0f}/s): "
        f"{found.targets - found.wrong} equal to the cent, {found.wrong} not; {found.seconds:.1f} s each, "
        f"{found.slowest:.1f} s at most"
    )
