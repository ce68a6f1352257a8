"""How large a drawing is drawn: once for every width that it may be shown in, for the letters of one that is made
small are too small to read. The style sheet shows the one that fits."""

from dataclasses import dataclass

LETTERS = 11.5
"""Size of those on an axis, in drawing units. ``pictures.css`` shows a drawing at 0.8 to 1.4 times its size."""


@dataclass(frozen=True, slots=True)
class Frame:
    """``look`` is the class by which the style sheet knows it."""

    look: str
    width: int
    height: int


NARROW, MIDDLE, WIDE = Frame("narrow", 340, 220), Frame("middle", 600, 260), Frame("wide", 1080, 300)
FRAMES = (WIDE, MIDDLE, NARROW)
