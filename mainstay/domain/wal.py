"""PostgreSQL's write-ahead log as a row of segments: whether an archive holds all that a recovery will read.

A segment's name is 24 hexadecimal digits: its timeline, and its number in two halves, the lower of which counts the
segments of 4 GB. A position (LSN) is written ``high/low`` in hexadecimal and counts bytes. Source: PostgreSQL,
``src/include/access/xlog_internal.h`` and ``src/backend/access/transam/timeline.c``.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_NAME = re.compile(r"[0-9A-F]{24}")
_LSN = re.compile(r"([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})")
_LEFT = re.compile(r"\s*(\d+)\s+([0-9A-Fa-f]+/[0-9A-Fa-f]+)")
_4GB = 1 << 32

MEGABYTE = 1 << 20
SIZES = tuple(MEGABYTE << power for power in range(11))
"""What a segment may be large, in bytes: 1 MB to 1 GB."""


class Segment(NamedTuple):
    """One file of the log; in order, a newer timeline comes after all of an older one."""

    timeline: int
    number: int


class Gap(NamedTuple):
    """What is missing between two segments that are there, by name, both ends included."""

    first: str
    last: str
    length: int


@dataclass(frozen=True, slots=True)
class Continuity:
    """How far an unbroken row goes: the name of its last segment, empty when the first is missing already; and every
    gap up to the target."""

    reached: str
    gaps: Sequence[Gap]

    @property
    def whole(self) -> bool:
        """Whether a recovery finds all that it will ask for."""
        return not self.gaps


def parse(name: str, size: int) -> Segment:
    """The segment of that name. ValueError for what is none: a history, a partial file, another size."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name}: not the name of a WAL segment")
    high, low = int(name[8:16], 16), int(name[16:], 16)
    if low >= _4GB // _valid(size):
        raise ValueError(f"{name}: not the name of a WAL segment of {size} bytes")
    return Segment(int(name[:8], 16), high * (_4GB // size) + low)


def name(segment: Segment, size: int) -> str:
    """What the file is called."""
    high, low = divmod(segment.number, _4GB // _valid(size))
    return f"{segment.timeline:08X}{high:08X}{low:08X}"


def position(lsn: str) -> int:
    """Bytes from the beginning of the log; ValueError for what is no LSN."""
    found = _LSN.fullmatch(lsn)
    if not found:
        raise ValueError(f"{lsn}: not a position in the WAL, such as 0/16B3740")
    return int(found[1], 16) * _4GB + int(found[2], 16)


def lsn(at: int) -> str:
    """A position as PostgreSQL writes it."""
    high, low = divmod(at, _4GB)
    return f"{high:X}/{low:X}"


def holding(timeline: int, at: str, size: int) -> str:
    """The name of the segment that holds the bytes before the position ``at``, as ``pg_walfile_name`` says."""
    return name(Segment(timeline, max(0, position(at) - 1) // _valid(size)), size)


def left_at(history: str) -> dict[int, int]:
    """Of a timeline's history file: the timelines that led to it, each with the position at which it was left."""
    found = (_LEFT.match(line) for line in history.splitlines() if not line.lstrip().startswith("#"))
    return {int(line[1]): position(line[2]) for line in found if line}


def wanted(start: Segment, end: Segment, left: Mapping[int, int], size: int) -> Iterator[Segment]:
    """Every segment that a recovery from ``start`` to ``end`` reads, in order. ``left`` is the history of the end's
    timeline. The segment in which a timeline was left is read under the name that it has on the next one.

    ValueError when no way leads from the one timeline to the other.
    """
    timelines = [one for one in sorted(left) if start.timeline <= one < end.timeline]
    if start.timeline != end.timeline and (not timelines or timelines[0] != start.timeline):
        raise ValueError(f"timeline {end.timeline} does not come from timeline {start.timeline}")
    number = start.number
    for timeline in timelines:
        until = left[timeline] // size
        yield from (Segment(timeline, one) for one in range(number, min(until, end.number + 1)))
        number = max(number, until)
    yield from (Segment(end.timeline, one) for one in range(number, end.number + 1))


def continuity(
    start: str, present: Collection[str], left: Mapping[int, int], size: int, target: str = ""
) -> Continuity:
    """Whether the archive is unbroken from the segment ``start`` to ``target``; without a target, to the newest
    segment of the newest timeline that is there. Names of other things than segments are passed over."""
    here = {parse(one, size) for one in present if _NAME.fullmatch(one)}
    first = parse(start, size)
    end = parse(target, size) if target else max((one for one in here if one >= first), default=first)
    reached, missing = "", list[Segment]()
    for segment in wanted(first, end, left, size):
        if segment not in here:
            missing.append(segment)
        elif not missing:
            reached = name(segment, size)
    return Continuity(reached, _gaps(missing, size))


def behind(current: str, reached: str, size: int) -> int:
    """Bytes of the log that were written and are not in the archive, whose last segment is ``reached``."""
    return max(0, position(current) - (parse(reached, size).number + 1) * size)


def _gaps(missing: Sequence[Segment], size: int) -> list[Gap]:
    rows: list[list[Segment]] = []
    for segment in missing:
        if rows and rows[-1][-1].number + 1 == segment.number:
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return [Gap(name(row[0], size), name(row[-1], size), len(row)) for row in rows]


def _valid(size: int) -> int:
    if size not in SIZES:
        raise ValueError(f"{size} bytes: a WAL segment is a power of two from 1 MB to 1 GB")
    return size
