"""How much room letters take in a drawing, where nothing wraps by itself. Measured in ems, never too little."""

import itertools
from unicodedata import east_asian_width

BROAD, SLIM = frozenset("mwMW@%&—→…"), frozenset(" .,:;'!|ilj")


def ems(text: str) -> float:
    """The width of a text, as broad as in the broadest of the usual faces: a Chinese character is one em."""
    return sum(map(_em, text))


def _em(one: str) -> float:
    if east_asian_width(one) in "WF" or one in BROAD:
        return 1.0
    return 0.4 if one in SLIM else 0.77 if one.isupper() else 0.64


def cut(text: str, room: float) -> str:
    """At most ``room`` ems of it; what was cut says so."""
    return text if ems(text) <= room else text[: _fitting(text, room - _em("…"))].rstrip() + "…"


def lines(text: str, room: float, most: int) -> list[str]:
    """At most so many lines of at most ``room`` ems each, broken between words where there are any; the last is cut."""
    found, rest = list[str](), text.strip()
    while len(found) < most - 1 and ems(rest) > room:
        place = _break(rest, room)
        found.append(rest[:place].rstrip())
        rest = rest[place:].lstrip()
    return [*found, cut(rest, room)]


def _break(text: str, room: float) -> int:
    """How many characters stand on the first line: up to its last space, or as many as fit where there is none."""
    fitting = max(1, _fitting(text, room))
    space = text.rfind(" ", 0, fitting + 1)
    return space if space > 0 else fitting


def _fitting(text: str, room: float) -> int:
    """How many of its first characters have room."""
    widths = itertools.accumulate(map(_em, text))
    return sum(1 for width in widths if width <= room + 1e-9)


def first_fitting(texts: list[str], room: float) -> str:
    """The first that fits whole, for a figure must not be cut; the last of them at any rate."""
    return next((one for one in texts if ems(one) <= room), texts[-1])
