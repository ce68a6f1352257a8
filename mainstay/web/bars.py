"""Bars as plain numbers and places; the templates turn them into SVG. Pure: nothing is read here."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mainstay.web.charts import Tick
from mainstay.web.frames import FRAMES, LETTERS, NARROW, WIDE, Frame
from mainstay.web.lettering import ems

HEIGHT = 240
LEFT, RIGHT, TOP, BOTTOM = 56, 22, 14, 26
GAP = 8
"""Between the axis and what its marks say."""
LONG = 290
"""Of the longest of the bars that lie."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a bar in drawing units; ``look`` is its class."""

    x: float
    y: float
    width: float
    height: float
    look: str


@dataclass(frozen=True, slots=True)
class Column:
    """A standing bar of several parts; all of it answers the pointer with ``title``."""

    x: float
    width: float
    title: str
    parts: list[Bar]
    middle: float
    text: str
    """Below the axis; empty where there is no room for every name."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A drawing of standing bars."""

    columns: list[Column]
    marks: list[Tick]
    frame: Frame
    left: int
    height: int = HEIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM
    plot_height: int = HEIGHT - TOP - BOTTOM

    @property
    def right(self) -> int:
        return self.frame.width - RIGHT

    @property
    def label_end(self) -> int:
        """Where what the marks say ends."""
        return self.left - GAP


@dataclass(frozen=True, slots=True)
class Lying:
    """A named bar that lies; ``number`` stands behind it."""

    name: str
    number: int
    width: float


Named = tuple[str, str, Mapping[str, float]]
"""Below the axis, on hover, and look → value from below to above."""


def in_all_frames(
    given: Sequence[Named], said: Callable[[float], str], *, narrow: int = 0, time: bool = False
) -> list[Columns]:
    """One drawing for each width; the narrow one of the last so many columns, 0 for all of them."""
    return [
        columns(given[-narrow:] if frame is NARROW else given, said, frame=frame, time=time) for frame in FRAMES
    ]  # fmt: skip


def columns(
    given: Sequence[Named], said: Callable[[float], str], *, frame: Frame = WIDE, time: bool = False
) -> Columns:
    """Stacked bars of counts, or of seconds for ``time``; as many names are written as have room. Nothing but zeros is
    an empty plot with its zero line: a scale would be made up."""
    most = max((sum(values.values()) for _, _, values in given), default=0)
    high, step = (ceiling_of_time if time else ceiling)(most)
    values_said = [(step * n, said(step * n)) for n in range(round(high / step) + 1 if most else 1)]
    left = max(LEFT, math.ceil(max(ems(text) for _, text in values_said) * LETTERS) + GAP)
    slot = (frame.width - left - RIGHT) / max(1, len(given))
    every = math.ceil((max((ems(text) for text, _, _ in given), default=0) * LETTERS + 8) / slot)
    plot = HEIGHT - TOP - BOTTOM

    def up(value: float) -> float:
        return round(HEIGHT - BOTTOM - plot * value / high, 1)

    found = []
    for place, (text, title, values) in enumerate(given):
        x, below, parts = left + slot * place, 0.0, []
        for look, value in values.items():
            if value:
                top = up(below + value)
                parts.append(Bar(round(x + slot * 0.15, 1), top, round(slot * 0.7, 1), round(up(below) - top, 1), look))
            below += value
        shown = text if (len(given) - 1 - place) % every == 0 else ""
        found.append(Column(round(x, 1), round(slot, 1), title, parts, round(x + slot / 2, 1), shown))
    return Columns(found, [Tick(up(value), text) for value, text in values_said], frame, left)


def ceiling(most: float) -> tuple[float, float]:
    """The end of an axis from zero, and its step: round numbers, whole ones for counts."""
    raw = max(most, 1.0) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = max(1.0, next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw))
    return step * max(1, math.ceil(most / step)), step


def ceiling_of_time(most: float) -> tuple[float, float]:
    """The same for seconds, in steps that a clock knows."""
    step = next((one for one in _CLOCK if one * 4 >= most), 86400.0 * math.ceil(most / 4 / 86400))
    return step * max(1, math.ceil(most / step)), step


_CLOCK = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10800.0, 21600.0, 43200.0)


def lying(given: Sequence[tuple[str, int]]) -> list[Lying]:
    """Bars that lie, in the order given."""
    most = max((number for _, number in given), default=0)
    return [Lying(name, number, round(LONG * number / most, 1) if most else 0.0) for name, number in given]
