"""The picture of a system's parts: what depends on what, from top to bottom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y = 200, 54, 36, 46


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
    """Boxes and arrows, and how much room they take."""

    boxes: list[Box]
    arrows: list[Arrow]
    width: int
    height: int
    box_width: int = BOX_WIDTH
    box_height: int = BOX_HEIGHT


def layers(needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Each component below everything that needs it; the order of names within a layer. Circles end somewhere."""
    depth = dict.fromkeys(needs, 0)
    for _ in range(len(needs)):
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


def draw(needs: Mapping[str, Sequence[str]], looks: Mapping[str, tuple[str, str, str, str]]) -> Graph:
    """``looks`` maps a name to title, kind, state and part."""
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
    return Graph(boxes, arrows, width, len(rows) * BOX_HEIGHT + max(0, len(rows) - 1) * GAP_Y)
