"""Stretches of time that may overlap."""

from collections.abc import Iterable


def total_length(spans: Iterable[tuple[float, float]]) -> float:
    """How long at least one of the spans (start, end) held; overlaps count once, empty ones not at all."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        if end > reached:
            total += end - max(start, reached)
            reached = end
    return total
