"""Stretches of time that may overlap."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Stretch = tuple[float, float]


def merged(spans: Iterable[Stretch]) -> list[Stretch]:
    """When at least one of the spans (start, end) held: apart from each other, the earliest first."""
    found: list[Stretch] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        elif end > start:
            found.append((start, end))
    return found


def total_length(spans: Iterable[Stretch]) -> float:
    """How long at least one of them held; overlaps count once, empty ones not at all."""
    return sum(end - start for start, end in merged(spans))


def length_within(spans: Sequence[Stretch], start: float, end: float) -> float:
    """How much of ``merged`` spans lies within [start, end)."""
    total, place = 0.0, max(0, bisect_right(spans, (start, start)) - 1)
    while place < len(spans) and spans[place][0] < end:
        total += max(0.0, min(end, spans[place][1]) - max(start, spans[place][0]))
        place += 1
    return total
