"""A diagnosis on one axis of time, as plain numbers: the states of components, what happened, the series that moved."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from mainstay.diagnosis.queries import Diagnosis, Event, Kind, Lane, Signal
from mainstay.diagnosis.wording import called, event_said, kind_word, moved
from mainstay.monitoring.wording import format_instant, in_language, metric_title
from mainstay.web.charts import Strip, Tick, lasted, sentence, strip, times, worst_of
from mainstay.web.frames import LETTERS, MIDDLE, NARROW, WIDE, Frame
from mainstay.web.lettering import cut

SIGNALS = 6
"""Series that are drawn; all that moved stand in the table."""
TOP, TEXT, ROW, MARKS, CURVE, GAP, SIDE = 20, 16, 14, 20, 44, 10, 8
"""Heights: above all, of a line of words, of a row of states, of one of marks, of a curve, between two; and beside."""
NEAR = 14
"""Two marks that are nearer than this would cover each other."""
_MARKED = (Kind.DEPLOYMENT, Kind.CATALOGUE, Kind.RUN, Kind.RESTORE, Kind.BACKUP, Kind.NOTICE, Kind.INCIDENT)
_CHANGE = "M-5 5L0 -6L5 5Z"
_SHAPES = {
    Kind.DEPLOYMENT: _CHANGE, Kind.CATALOGUE: "M-5 -5H5V5H-5Z", Kind.RUN: "M-5 -6L6 0L-5 6Z",
    Kind.RESTORE: "M0 -6L6 0L0 6L-6 0Z", Kind.BACKUP: "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z",
    Kind.NOTICE: "M-6 -4H6V4H-6Z", Kind.INCIDENT: "M-5 -6H-3V6H-5ZM-3 -6L6 -3L-3 0Z",
}  # fmt: skip
"""Each kind by its shape, not by colour alone."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, on its row."""

    x: float
    y: float
    kind: str
    shape: str
    title: str
    count: int = 1
    """How many lie so near to each other that one is drawn; its title tells all."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: what it is about, and its strip of states, its marks, or its curve."""

    y: float
    name: str
    strip: Strip | None = None
    marks: tuple[Mark, ...] = ()
    path: str = ""
    began: float | None = None
    height: float = ROW


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing; ``moment`` is where the incident began."""

    frame: Frame
    height: float
    rows: list[Row]
    times: list[Tick]
    moment: float
    left: int
    said: str

    @property
    def right(self) -> int:
        return self.frame.width - self.left

    @property
    def bottom(self) -> float:
        return self.height - TOP


def pictures(found: Diagnosis, language: str) -> list[Picture]:
    """The same for every width it may be shown in."""
    return [_picture(found, language, frame) for frame in (WIDE, MIDDLE, NARROW)]


def legend() -> list[tuple[str, str]]:
    """Shape and word of each kind of mark."""
    return [(_SHAPES[kind], kind_word(kind)) for kind in _MARKED]


def _picture(found: Diagnosis, language: str, frame: Frame) -> Picture:
    across, room = _across(found, frame), (frame.width - 2 * SIDE) / LETTERS
    rows, y = list[Row](), float(TOP + GAP)
    for lane in found.lanes:
        rows.append(Row(y, cut(called(lane.component, language), room), _strip(lane, found, frame)))
        y += TEXT + ROW + GAP
    happened = [one for one in found.events if one.kind in _MARKED]
    if happened:
        marks = _apart(_mark(one, across, y + TEXT + MARKS / 2, language) for one in happened)
        rows.append(Row(y, _("What happened"), marks=marks, height=MARKS))
        y += TEXT + MARKS + GAP
    for signal in found.signals[:SIGNALS]:
        rows.append(_curve(signal, across, y, room, language))
        y += TEXT + CURVE + GAP
    moment = across(found.incident.since.timestamp())
    return Picture(
        frame, y + TOP, rows, times(found.start, found.end, across, frame), moment, SIDE, _said(found, language)
    )


def _across(found: Diagnosis, frame: Frame) -> Callable[[float], float]:
    begin, length = found.start.timestamp(), (found.end - found.start).total_seconds()
    width = frame.width - 2 * SIDE
    return lambda at: round(SIDE + width * min(1.0, max(0.0, (at - begin) / length)), 1)


def _strip(lane: Lane, found: Diagnosis, frame: Frame) -> Strip:
    worst = worst_of(lane.bands, found.start, found.end, parts=240)
    return strip(worst, found.start, found.end, held=lasted(lane.bands), width=frame.width - 2 * SIDE)


def _mark(event: Event, across: Callable[[float], float], y: float, language: str) -> Mark:
    words = f"{_clock(event.at)}  {kind_word(event.kind)}: {event_said(event, language)}"
    return Mark(across(event.at.timestamp()), y, event.kind.value, _SHAPES[event.kind], words)


def _apart(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """From left to right; those that would lie on each other are one, with the shape of what explains most."""
    apart = list[Mark]()
    for mark in sorted(marks, key=lambda one: one.x):
        if apart and mark.x - apart[-1].x < NEAR:
            apart[-1] = _folded(apart[-1], mark)
        else:
            apart.append(mark)
    return tuple(apart)


def _folded(first: Mark, mark: Mark) -> Mark:
    telling = min(first, mark, key=lambda one: _MARKED.index(Kind(one.kind)))
    title = f"{first.title}\n{mark.title}"
    return replace(first, kind=telling.kind, shape=telling.shape, title=title, count=first.count + 1)


def _curve(signal: Signal, across: Callable[[float], float], y: float, room: float, language: str) -> Row:
    """Each on a scale of its own: what counts is when it moved. The numbers stand in its name."""
    check = in_language(signal.check.title, language) or signal.check.name
    name = cut(f"{check} · {moved(signal)}", room)
    path = _path(signal.points, across, y + TEXT)
    return Row(y, name, path=path, began=across(signal.move.at), height=CURVE)


def _path(points: Sequence[tuple[float, float]], across: Callable[[float], float], top: float) -> str:
    if not points:
        return ""
    low, high = min(value for _at, value in points), max(value for _at, value in points)
    tall = (high - low) or 1.0
    places = [f"{across(at)} {round(top + CURVE - CURVE * (value - low) / tall, 1)}" for at, value in points]
    return "M" + "L".join(places)


def _said(found: Diagnosis, language: str) -> str:
    """What the drawing shows, for who cannot see it."""
    lanes = [f"{called(one.component, language)}: {sentence(lasted(one.bands))}" for one in found.lanes]
    metrics = [metric_title(one.check.kind, one.metric) for one in found.signals[:SIGNALS]]
    parts = [*lanes, _("%(n)d things happened") % {"n": len(found.events)}, *metrics]
    return "; ".join(parts)


def _clock(at: datetime) -> str:
    return format_instant(localtime(at))
