"""Which of the metrics that a check gives stands for it."""

from collections.abc import Collection, Iterable

from mainstay.domain.threshold import parse_condition


def own_metric(measured: Collection[str], primary: str, limits: Iterable[str], complaint: str = "") -> str:
    """The one that it complains of, else the first that it judges, else its primary one; empty where none of them was
    measured. ``limits`` are its conditions, the critical ones first."""
    judged = [one.metric or primary for one in map(parse_condition, limits)]
    return next((name for name in (complaint, *judged, primary) if name in measured), "")
