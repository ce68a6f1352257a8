"""How much a series moved around a moment, against its own past, and when it began to.

The past is described by its median and by its spread: 1.4826 × the median absolute deviation (MAD), which is the
standard deviation of normal noise, or what 95 % of it stay within where that is wider, so that daily peaks are no news.
Where both are zero the mean absolute deviation stands in (× 1.2533). A sample's distance from the median in spreads is
the modified z-score of Iglewicz and Hoaglin, *How to Detect and Handle Outliers* (1993); they call 3.5 and more an
outlier. The distances around the moment are smoothed by running medians of three (Tukey, *Exploratory Data Analysis*,
1977): one odd sample is no move, two in a row are. The score is the largest that is left. Scale and zero of a series do
not matter.
"""

from typing import NamedTuple

import numpy as np

from mainstay.domain.chunk import Floats

BEFORE, AFTER = 900.0, 900.0
"""Seconds around the moment in which a move counts."""
PAST = 6 * 3600.0
"""Seconds before the moment from which the past is taken."""
MOVED = 3.5
"""From this score on a series has moved."""
MOST = 100.0
"""A score is not larger, for among what moved so far it counts who began; what never changed before and does now has
this."""
FEWEST = 8
"""Samples without which a past says nothing."""

_MAD, _MEAN, _NINETY_FIVE = 1.4826, 1.2533, 1.96


class Move(NamedTuple):
    """``at``: when it began, seconds since 1970; the moment itself where it did not move. ``before`` is the median of
    the past, ``during`` the value furthest from it, smoothed."""

    score: float
    at: float
    before: float
    during: float

    @property
    def moved(self) -> bool:
        return self.score >= MOVED


def move(at: Floats, value: Floats, moment: float) -> Move | None:
    """How a series moved around ``moment``; ``at`` in seconds and in order. None where it is too short to say."""
    keep = np.isfinite(value) & (at >= moment - PAST) & (at <= moment + AFTER)
    at, value = at[keep], value[keep]
    first = int(np.searchsorted(at, moment - BEFORE))
    if first < FEWEST or first == len(at):
        return None
    middle = _median(value[:first])
    smooth, times = _smoothed(value[first:] - middle, at[first:])
    furthest = int(np.argmax(np.abs(smooth)))
    score = _in_spreads(abs(float(smooth[furthest])), np.abs(value[:first] - middle))
    began = _beginning(np.abs(smooth), furthest, score)
    return Move(score, float(times[began]) if score >= MOVED else moment, middle, middle + float(smooth[furthest]))


def _median(value: Floats) -> float:
    """``numpy.median`` takes three times as long for a few hundred values."""
    ordered, half = np.sort(value), len(value) // 2
    return float(ordered[half] if len(value) % 2 else (ordered[half - 1] + ordered[half]) / 2)


def _in_spreads(distance: float, past: Floats) -> float:
    """A distance from the median in spreads of a past, whose own distances are given."""
    if distance == 0:
        return 0.0
    wide = float(np.sort(past)[int(0.95 * (len(past) - 1))])
    spread = max(_MAD * _median(past), wide / _NINETY_FIVE) or _MEAN * float(past.mean())
    return min(MOST, distance / spread) if spread > 0 else MOST


def _smoothed(value: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Running medians of three, each at the time of its middle one; of two samples the smaller, of one itself."""
    if len(value) < 3:
        nearest = int(np.argmin(np.abs(value)))
        return value[nearest : nearest + 1], at[:1]
    a, b, c = value[:-2], value[1:-1], value[2:]
    return np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c)), at[1:-1]


def _beginning(distance: Floats, furthest: int, score: float) -> int:
    """The first of the run of moved ones that leads to the furthest: those at least half as far, and past the limit."""
    least = float(distance[furthest]) * max(0.5, MOVED / max(score, MOVED))
    began = furthest
    while began > 0 and distance[began - 1] >= least:
        began -= 1
    return began
