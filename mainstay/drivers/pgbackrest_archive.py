"""What lies in a repository of pgBackRest: its copies, its archive of the log, and which moments can be restored."""

import re
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from mainstay.domain import pgbackrest as printed
from mainstay.domain import wal
from mainstay.domain.pgbackrest import Archived, Kept, Unreadable
from mainstay.domain.saying import say
from mainstay.drivers import program
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.pgbackrest import Cluster, Repositories
from mainstay.drivers.postgresql_programs import server
from mainstay.drivers.postgresql_recovery import give

_SIZE = 16 << 20
_BACK = 8
"""Segments that are read backwards for the last thing that was committed."""
_ENDED = re.compile(r"desc: (?:COMMIT|ABORT)\w* (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)")


class Span(NamedTuple):
    """Every moment from ``first`` to ``last`` can be restored. ``exact``: ``last`` was read in the log itself; else it
    is when the last segment came, and the log may end a little before."""

    first: datetime
    last: datetime
    exact: bool


def copies(own: Repositories, repository: int, until: float) -> list[Kept]:
    """Those that are whole, oldest first. Raises ToolFailed (wrong-key, damaged)."""
    ended = own.run("info", f"--repo={repository}", "--output=json", until=until)
    try:
        return printed.copies(ended.out)
    except Unreadable as error:
        raise _unreadable(error) from None


def archive(own: Repositories, repository: int, until: float) -> Archived:
    """The archive as it is now. Raises ToolFailed (damaged)."""
    options = (f"--repo={repository}", "--recurse", "--output=json")
    ended = own.run("repo-ls", f"archive/{own.name}", *options, until=until)
    try:
        return printed.archived(ended.out)
    except Unreadable as error:
        raise _unreadable(error) from None


def histories(own: Repositories, there: Archived, repository: int, until: float) -> dict[int, int]:
    """Where the timelines before the newest were left; nothing when there is only one."""
    if not there.segments or not there.histories:
        return {}
    newest = max(int(name[:8], 16) for name in there.segments)
    if newest not in there.histories:
        return {}
    path = f"archive/{own.name}/{there.histories[newest]}"
    return wal.left_at(own.run("repo-get", path, f"--repo={repository}", until=until).out)


def size_of(kept: Kept) -> int:
    """Bytes of a segment of the server that it was taken from."""
    return int(kept.notes.get("segment", _SIZE))


def unbroken(kept: Kept, there: Archived, left: dict[int, int], target: str = "") -> wal.Continuity:
    """The archive from a copy's first segment to a target, or to its end."""
    return wal.continuity(kept.first, there.segments, left, size_of(kept), target)


def gaps(own: Repositories, repository: int, until: float) -> list[str]:
    """What is missing in the archive behind the oldest copy, and what each copy itself cannot do without; in words."""
    kept, there = copies(own, repository, until), archive(own, repository, until)
    left = histories(own, there, repository, until)
    found = {gap: None for one in kept for gap in unbroken(one, there, left).gaps}
    words = [missing([gap]) for gap in found]
    broken = [one.label for one in kept if not unbroken(one, there, {}, target=one.last).whole]
    return words + [str(say("%(copy)s cannot be restored for want of them", copy=label)) for label in broken]


def missing(found: Sequence[wal.Gap]) -> str:
    """Which segments are not there."""
    names = ", ".join(gap.first if gap.length == 1 else f"{gap.first} … {gap.last} ({gap.length})" for gap in found)
    return say("WAL is missing in the archive: %(names)s", names=names)


def spans(own: Repositories, repository: int, cluster: Cluster | None, until: float) -> list[Span]:
    """Which moments can be restored, oldest first. With the server's files at hand, the end of each is read in the
    log."""
    kept, there = copies(own, repository, until), archive(own, repository, until)
    left = histories(own, there, repository, until)
    found: list[Span] = []
    for one in kept:
        reached = unbroken(one, there, left).reached
        if reached < one.last[:8] or reached < one.last:
            continue
        last = _last_ended(own, reached, size_of(one), cluster, until) if cluster else None
        end = last or there.came or one.ended
        found.append(Span(one.ended, max(one.ended, end), last is not None))
    return _joined(found)


def _joined(found: Sequence[Span]) -> list[Span]:
    rows: list[Span] = []
    for span in sorted(found):
        if rows and span.first <= rows[-1].last:
            rows[-1] = max(rows[-1], span, key=lambda one: one.last)._replace(first=rows[-1].first)
        else:
            rows.append(span)
    return rows


def _last_ended(own: Repositories, reached: str, size: int, cluster: Cluster, until: float) -> datetime | None:
    """When the last transaction ended in the log up to this segment; None when that is far back."""
    last = wal.parse(reached, size)
    with tempfile.TemporaryDirectory(prefix="wal-", dir=own.home) as directory:
        give(Path(directory), own.account)
        for number in range(last.number, max(-1, last.number - _BACK), -1):
            name = wal.name(wal.Segment(last.timeline, number), size)
            file = Path(directory) / name
            try:
                own.run("archive-get", name, str(file), until=until)
            except ToolFailed:
                return None
            dump = [str(server(cluster.major) / "pg_waldump"), "--rmgr=Transaction", str(file)]
            ended = program.run(dump, until=until, environment={"TZ": "UTC"}, limits=own.limits(), most=200_000_000)
            if moments := _ENDED.findall(ended.out):
                return datetime.fromisoformat(max(moments)).replace(tzinfo=UTC)
    return None


def _unreadable(error: Unreadable) -> ToolFailed:
    if error.wrong_key:
        return ToolFailed("wrong-key", say("the key does not open the repository"))
    return ToolFailed("damaged", str(error))
