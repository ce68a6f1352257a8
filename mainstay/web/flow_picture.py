"""A business flow as plain numbers and places: its stages in a row, or upright for a narrow screen, and the moves
between them, those off the path as arcs. The templates turn it into SVG. Pure: nothing is read here."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from django.utils.translation import gettext as _

from mainstay.monitoring.wording import format_number, format_seconds
from mainstay.web.flow_moves import Given, Move, Stages, counted, moves, off_path, said, told
from mainstay.web.lettering import ems, first_fitting, lines
from mainstay.web.templatetags.mainstay import stage_word

ROW, NARROWEST, BROADEST, BETWEEN = 1100, 128, 144, 48
"""How wide a row may be as long as its stages keep their least width, and the room for a step between two."""
UPRIGHT, BELOW = 330, 34
PAD = 10
NAME, SMALL, LINE = 13, 12, 16
"""Sizes of letters, and from line to line."""
ASIDE, LANE, FARTHEST = 22, 24, 64
"""From the stages to the first arc, and from arc to arc; of the arcs beside upright stages the last is so far off."""
CORNER, OFF = 8, 12
"""How round an arc is, and how far beside a stage's middle it begins and ends."""

Point = Callable[[float, float], str]
"""From along and across the path to a place in the drawing."""


@dataclass(frozen=True, slots=True)
class Words:
    """A line of a stage; ``look`` is its class. ``mark``: the shape of what is critical stands before it. What would be
    longer than its stage is pressed together to ``pressed``, for a figure must not be cut."""

    text: str
    look: str
    x: float
    y: float
    mark: bool = False
    anchor: str = "start"
    pressed: float | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A stage with its bar. ``filled`` is the length of the bar, None where it has none."""

    x: float
    y: float
    height: float
    look: str
    title: str
    words: list[Words]
    bar: float
    filled: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """A move: its way, the tip of its arrow, and its count with its place."""

    kind: str
    path: str
    tip: str
    text: str
    x: float
    y: float
    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Stages and moves in their room."""

    boxes: list[Box]
    lines: list[Line]
    width: float
    height: float
    box_width: float

    @property
    def bar_width(self) -> float:
        return self.box_width - 2 * PAD


@dataclass(frozen=True, slots=True)
class Picture:
    """Both drawings, what they show in a sentence, and which kinds of steps off the path are in them."""

    wide: Drawing
    upright: Drawing
    said: str
    kinds: list[str]


def draw(stages: Stages, steps: Given, detours: Given, currency: str = "") -> Picture:
    """What ``domain.flow.drawn`` gives, drawn."""
    found = moves(stages, steps, detours)
    kinds = [kind for kind, _count in off_path(found)]
    return Picture(_wide(stages, found, currency), _upright(stages, found, currency), said(stages, found), kinds)


def _wide(stages: Stages, found: Sequence[Move], currency: str) -> Drawing:
    width = min(BROADEST, max(NARROWEST, (ROW - (len(stages) - 1) * BETWEEN) // len(stages)))
    room, pitch = width - 2 * PAD, width + BETWEEN
    above, below = _lanes(found, ("skip", "past")), _lanes(found, ("back",))
    top = float(max((ASIDE + lane * LANE + 14 for _one, lane in above), default=0))
    names = [lines(stage_word(stage), room / NAME, 2) for stage in stages]
    facts = [_facts(stage, currency, room / SMALL) for stage in stages]
    figure = 28 + LINE * max(map(len, names))
    height = figure + 28 + LINE * max(map(len, facts))
    boxes = []
    for number, stage in enumerate(stages):
        words = [Words(text, "name", PAD, 20 + LINE * line) for line, text in enumerate(names[number])]
        words.append(Words(format_number(stage["cases"], 0), "cases", PAD, figure))
        words += _small(facts[number], figure + 28, room)
        place = (number * pitch, top, height)
        boxes.append(_box(stage, currency, place, words, (figure + 7, _filled(stages, stage, room))))

    def row(along: float, across: float) -> str:
        return f"{along:g} {across:g}"

    drawn = []
    for one, lane in (*above, *below):
        edge, away = (top + height, ASIDE + lane * LANE) if one.kind == "back" else (top, -ASIDE - lane * LANE)
        begin, end = (place * pitch + width / 2 for place in (one.start, one.end))
        path, tip, middle = _arc(row, begin, end, edge, edge + away)
        drawn.append(Line(one.kind, path, tip, counted(one), middle, edge + away + 4, "middle", told(stages, one)))
    for one in _steps(found):
        x, y = one.start * pitch + width, top + figure - 7
        path, tip = _straight(row, x, x + BETWEEN, y)
        drawn.append(Line("step", path, tip, counted(one), x + BETWEEN / 2, y - 7, "middle", told(stages, one)))
    depth = max((ASIDE + lane * LANE + 14 for _one, lane in below), default=0)
    return Drawing(boxes, drawn, len(stages) * pitch - BETWEEN, top + height + depth, width)


def _upright(stages: Stages, found: Sequence[Move], currency: str) -> Drawing:
    right, left = _lanes(found, ("skip", "past")), _lanes(found, ("back",))
    before, after = ((_away(max(lane for _one, lane in some), some) + 20 if some else 0.0) for some in (left, right))
    width = UPRIGHT - before - after
    room = width - 2 * PAD
    boxes, y = list[Box](), 0.0
    for stage in stages:
        cases = format_number(stage["cases"], 0)
        name = lines(stage_word(stage), (room - 16 * len(cases) - PAD) / NAME, 3)
        facts = _facts(stage, currency, room / SMALL)
        bar = 11.0 + LINE * len(name)
        words = [Words(text, "name", PAD, 20 + LINE * line) for line, text in enumerate(name)]
        words.append(Words(cases, "cases", width - PAD, 23, anchor="end"))
        words += _small(facts, bar + 22, room)
        place = (before, y, bar + LINE * (1 + len(facts)))
        boxes.append(_box(stage, currency, place, words, (bar, _filled(stages, stage, room))))
        y += boxes[-1].height + BELOW

    def column(along: float, across: float) -> str:
        return f"{across:g} {along:g}"

    drawn = []
    for some, edge, on in ((right, before + width, 1), (left, before, -1)):
        for one, lane in some:
            begin, end = (boxes[place].y + boxes[place].height / 2 for place in (one.start, one.end))
            away = edge + on * _away(lane, some)
            path, tip, middle = _arc(column, begin, end, edge, away)
            number = format_number(one.count or 0, 0)  # the key says what the dashes mean
            drawn.append(Line(one.kind, path, tip, number, away, middle + 4, "middle", told(stages, one)))
    for one in _steps(found):
        x, top = before + 28, boxes[one.start].y + boxes[one.start].height
        path, tip = _straight(column, top, top + BELOW, x)
        drawn.append(Line("step", path, tip, counted(one), x + 12, top + BELOW / 2 + 4, "start", told(stages, one)))
    return Drawing(boxes, drawn, UPRIGHT, y - BELOW, width)


def _box(
    stage: dict[str, Any],
    currency: str,
    place: tuple[float, float, float],
    words: list[Words],
    bar: tuple[float, float | None],
) -> Box:
    look = "stage-stuck" if stage["stuck"] else "stage-final" if stage["final"] else ""
    return Box(*place, look, _about(stage, currency), words, *bar)


def _filled(stages: Stages, stage: dict[str, Any], room: float) -> float | None:
    """How much of its bar is full; the fullest stage that is not final fills it."""
    most = max((one["cases"] for one in stages if not one["final"]), default=0) or 1
    return None if stage["final"] else round(room * stage["cases"] / most, 1)


def _about(stage: dict[str, Any], currency: str) -> str:
    """All of a stage in a line, for the pointer."""
    facts = [text for text, *_rest in _facts({**stage, "p50": None}, currency, inf)]
    if stage.get("p50") is not None:
        stays = {"half": format_seconds(stage["p50"]), "most": format_seconds(stage["p95"])}
        facts.append(_("half of them stay at most %(half)s, 95 of 100 at most %(most)s") % stays)
    return " · ".join([stage_word(stage), format_number(stage["cases"], 0), *facts])


def _facts(stage: dict[str, Any], currency: str, room: float) -> list[tuple[str, str, bool]]:
    """The small lines of a stage: text, class, and whether the shape stands before it."""
    found = [(_money(stage["amount"], currency, room), "sub", False)]
    if stage["stuck"]:
        found.append((f"{stage['stuck']} {_('stuck')}", "sub bad stuck", True))
        found.append((_money(stage["stuck_amount"], currency, room), "sub bad", False))
    elif not stage["final"] and stage["cases"]:
        oldest = format_seconds(stage["oldest"])
        found.append((first_fitting([f"{_('oldest')} {oldest}", oldest], room), "sub", False))
    if stage.get("p50") is not None:
        half, most = format_seconds(stage["p50"]), format_seconds(stage["p95"])
        found.append((first_fitting([f"{_('stay')} {half} / {most}", f"{half} / {most}", half], room), "sub", False))
    return found


def _money(amount: float, currency: str, room: float) -> str:
    """To the hundredth where there is room: a figure is never cut."""
    full, short = format_number(amount, 2), format_number(amount, 0)
    return first_fitting([f"{full} {currency}".strip(), f"{short} {currency}".strip(), short], room)


def _small(facts: Iterable[tuple[str, str, bool]], y: float, room: float) -> list[Words]:
    found = []
    for line, (text, look, mark) in enumerate(facts):
        aside = LINE if mark else 0
        pressed = room - aside if ems(text) * SMALL > room - aside else None
        found.append(Words(text, look, PAD + aside, y + LINE * line, mark, pressed=pressed))
    return found


def _steps(found: Iterable[Move]) -> list[Move]:
    return [one for one in found if one.kind == "step"]


def _lanes(found: Iterable[Move], kinds: Sequence[str]) -> list[tuple[Move, int]]:
    """Arcs that would lie over each other in lanes of their own, the short ones next to the stages."""
    lanes: list[list[Move]] = []
    placed = []
    for one in sorted(
        (one for one in found if one.kind in kinds), key=lambda one: (abs(one.end - one.start), one.start)
    ):
        number = next(
            (n for n, lane in enumerate(lanes) if not any(_overlap(one, other) for other in lane)), len(lanes)
        )
        lanes[number:number] = [[]] if number == len(lanes) else []
        lanes[number].append(one)
        placed.append((one, number))
    return placed


def _overlap(one: Move, other: Move) -> bool:
    (first, last), (begin, end) = (sorted((move.start, move.end)) for move in (one, other))
    return max(first, begin) < min(last, end)


def _away(lane: int, lanes: Sequence[tuple[Move, int]]) -> float:
    """How far an arc is from upright stages: however many there are, they keep to their side."""
    return ASIDE + lane * min(18.0, (FARTHEST - ASIDE) / max(1, *(other for _one, other in lanes)))


def _arc(at: Point, start: float, end: float, edge: float, lane: float) -> tuple[str, str, float]:
    """Out of a stage's edge, along a lane and into another: way, tip, and its middle along the path."""
    side, on = (1 if end > start else -1), (1 if lane > edge else -1)
    begin, stop = start + side * OFF, end - side * OFF
    path = (
        f"M{at(begin, edge)}L{at(begin, lane - on * CORNER)}Q{at(begin, lane)} {at(begin + side * CORNER, lane)}"
        f"L{at(stop - side * CORNER, lane)}Q{at(stop, lane)} {at(stop, lane - on * CORNER)}L{at(stop, edge + on * 9)}"
    )
    tip = f"M{at(stop, edge + on * 2)}L{at(stop - 4, edge + on * 9)}L{at(stop + 4, edge + on * 9)}Z"
    return path, tip, (begin + stop) / 2


def _straight(at: Point, start: float, end: float, across: float) -> tuple[str, str]:
    """From the end of one stage to the begin of the next: way and tip."""
    tip = f"M{at(end - 3, across)}L{at(end - 10, across - 4)}L{at(end - 10, across + 4)}Z"
    return f"M{at(start + 3, across)}L{at(end - 9, across)}", tip
