"""The picture of a system's parts: what depends on what, from top to bottom. Pure: nothing is read here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mainstay.monitoring.wording import listed
from mainstay.web.lettering import lines
from mainstay.web.templatetags.signs import role_word, state_text

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y = 200, 90, 36, 46
LEFT, RIGHT = 34, 10
"""Of a box, beside its words."""
TITLE_ROOM = (BOX_WIDTH - LEFT - RIGHT) / 14
"""Ems that a box has for a line of its title."""

Look = tuple[str, str, str, str]
"""Title, kind, state and part."""


@dataclass(frozen=True, slots=True)
class Box:
    """A component. ``part`` is its part in a running incident: root, echo, or nothing."""

    name: str
    title: str
    kind: str
    state: str
    part: str
    x: int
    y: int

    @property
    def lines(self) -> list[str]:
        """Its title on two lines at most."""
        return lines(self.title, TITLE_ROOM, 2)

    @property
    def stands(self) -> str:
        """How it is and what part it plays, in words."""
        return _stands(self.state, self.part)


@dataclass(frozen=True, slots=True)
class Arrow:
    """From the one that needs to the one that is needed."""

    x1: int
    y1: int
    x2: int
    y2: int
    echo: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """Boxes and arrows, how much room they take, and the same in a sentence. ``small_room`` are the ems
    that a box has for the smaller lines below its title."""

    boxes: list[Box]
    arrows: list[Arrow]
    width: int
    height: int
    said: str
    box_width: int = BOX_WIDTH
    box_height: int = BOX_HEIGHT
    left: int = LEFT
    small_room: float = (BOX_WIDTH - LEFT - RIGHT) / 12


def layers(needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Each component below everything that needs it; the order of names within a layer. Circles end somewhere."""
    depth = dict.fromkeys(needs, 0)
    for _round in needs:
        changed = False
        for name, below in needs.items():
            for other in below:
                if other in depth and depth[other] < depth[name] + 1 <= len(needs):
                    depth[other], changed = depth[name] + 1, True
        if not changed:
            break
    rows: dict[int, list[str]] = {}
    for name in needs:
        rows.setdefault(depth[name], []).append(name)
    return [rows[number] for number in sorted(rows)]


def _stands(state: str, part: str) -> str:
    return " · ".join([state_text(state), *([role_word(part)] if part else [])])


def _said(needs: Mapping[str, Sequence[str]], looks: Mapping[str, Look]) -> str:
    """Each part with how it is and what it needs: all that the drawing shows, for who does not see it."""
    stop = pgettext("between parts of a sentence", "; ")
    found = []
    for name, (title, _kind, state, part) in looks.items():
        others = listed(looks[other][0] for other in needs[name] if other in looks)
        words = {"part": title, "state": _stands(state, part), "others": others}
        found.append((_("%(part)s (%(state)s) needs %(others)s") if others else _("%(part)s (%(state)s)")) % words)
    return stop.join(found)


def draw(needs: Mapping[str, Sequence[str]], looks: Mapping[str, Look]) -> Graph:
    """``looks`` says of each name how it is shown."""
    rows = layers(needs)
    widest = max((len(row) for row in rows), default=1)
    width = widest * BOX_WIDTH + (widest - 1) * GAP_X
    places: dict[str, tuple[int, int]] = {}
    for number, row in enumerate(rows):
        left = (width - len(row) * BOX_WIDTH - (len(row) - 1) * GAP_X) // 2
        for place, name in enumerate(row):
            places[name] = (left + place * (BOX_WIDTH + GAP_X), number * (BOX_HEIGHT + GAP_Y))
    boxes = [Box(name, *looks[name], *places[name]) for name in needs]
    arrows = [
        Arrow(
            places[name][0] + BOX_WIDTH // 2, places[name][1] + BOX_HEIGHT,
            places[other][0] + BOX_WIDTH // 2, places[other][1],
            echo=looks[name][3] == "echo",
        )
        for name, below in needs.items() for other in below if other in places
    ]  # fmt: skip
    height = len(rows) * BOX_HEIGHT + max(0, len(rows) - 1) * GAP_Y
    return Graph(boxes, arrows, width, height, _said(needs, looks))
