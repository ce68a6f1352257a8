"""Drawings as plain numbers and points; the templates turn them into SVG. Pure: nothing is read here."""

import itertools
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import dateformat
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mainstay.domain.state import State
from mainstay.domain.threshold import Condition
from mainstay.monitoring.queries.samples import Point
from mainstay.monitoring.wording import format_instant, format_seconds, format_value, listed, say_condition
from mainstay.web.frames import LETTERS, WIDE, Frame
from mainstay.web.lettering import cut, ems
from mainstay.web.templatetags.signs import state_text

Place = Callable[[float], float]
"""From a time or a value to a place in the drawing."""
Span = tuple[datetime, datetime, State]
Spans = Sequence[Span]

LEFT, RIGHT, TOP, BOTTOM = 44, 12, 26, 28
"""Around the plot; more on the left where the values of its axis need it."""
RAIL = 8
"""Height of the row of states above the plot."""
STRIP = 240
"""Width of a strip in drawing units."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where, and what is written there."""

    place: float
    text: str


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of a state, in drawing units; ``title`` is shown on hover."""

    x: float
    width: float
    state: str
    title: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A row of states, and what it says in words."""

    bands: list[Band]
    said: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold's line."""

    y: float
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One metric over time."""

    line: str
    area: str
    marks: list[Tick]
    times: list[Tick]
    bands: list[Band]
    limits: list[Limit]
    points: str
    """[x, y, text] of what was seen, as JSON: what the reader is shown under the pointer."""
    said: str
    """How long which state held."""
    start: float
    end: float
    left: int
    frame: Frame
    top: int = TOP
    rail: int = RAIL

    @property
    def right(self) -> int:
        return self.frame.width - RIGHT

    @property
    def bottom(self) -> int:
        return self.frame.height - BOTTOM

    @property
    def plot_height(self) -> int:
        return self.bottom - TOP


def chart(
    points: Sequence[Point],
    unit: str,
    start: datetime,
    end: datetime,
    *,
    limits: Sequence[tuple[State, Condition]] = (),
    bands: Spans = (),
    frame: Frame = WIDE,
) -> Chart | None:
    """The drawing, or None when there is nothing to draw."""
    seen = [point for point in points if math.isfinite(point.mean)]
    if not seen:
        return None
    numbers = [condition.when.number for _, condition in limits]
    low, high, step = scale(min(p.low for p in seen), max(p.high for p in seen), numbers)
    begin, length = start.timestamp(), max(1.0, end.timestamp() - start.timestamp())
    values = [low + step * n for n in range(round((high - low) / step) + 1)]
    texts = [format_value(value, unit) for value in values]
    left = max(LEFT, round(max(map(ems, texts)) * LETTERS) + 12)

    width, height = frame.width - left - RIGHT, frame.height - TOP - BOTTOM

    def across(at: float) -> float:
        return round(left + width * (at - begin) / length, 1)

    def up(value: float) -> float:
        return round(TOP + height - height * (value - low) / (high - low), 1)

    return Chart(
        line=_path(seen, across, up, length / 60),
        area=_area(seen, across, up),
        marks=[Tick(up(value), text) for value, text in zip(values, texts, strict=True)],
        times=times(start, end, across, frame),
        bands=_bands(bands, across),
        limits=[
            Limit(up(one.when.number), state.value, cut(_limit(state, one, unit), width / LETTERS))
            for state, one in limits
            if low <= one.when.number <= high
        ],
        points=json.dumps([[across(p.at), up(p.mean), _said(p, unit)] for p in seen], ensure_ascii=False),
        said=sentence(lasted([bands])),
        start=begin,
        end=begin + length,
        left=left,
        frame=frame,
    )


def _limit(state: State, one: Condition, unit: str) -> str:
    """The chart names its metric."""
    return f"{state_text(state.value)} {say_condition(one, '', unit, named=False)}"


def scale(low: float, high: float, wanted: Sequence[float] = ()) -> tuple[float, float, float]:
    """Ends and step of an axis with round numbers. A limit is in the picture unless it would flatten the curve."""
    for number in wanted:
        if number <= max(high, 1e-12) * 4 and number >= low - 4 * max(high - low, abs(high)):
            low, high = min(low, number), max(high, number)
    if low > 0 and low < high * 0.7:
        low = 0.0
    if high <= low:
        high = low + (abs(low) * 0.1 or 1.0)
    raw = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw)
    return math.floor(low / step) * step, math.ceil(high / step) * step, step


def _path(points: Sequence[Point], across: Place, up: Place, gap: float) -> str:
    """A line that is broken where nothing was seen for more than ``gap`` seconds and twice the usual distance."""
    steps = sorted(b.at - a.at for a, b in itertools.pairwise(points))
    longest = max(gap, 2.5 * steps[len(steps) // 2]) if steps else gap
    parts: list[str] = []
    before: float | None = None
    for point in points:
        letter = "L" if before is not None and point.at - before <= longest else "M"
        parts.append(f"{letter}{across(point.at)} {up(point.mean)}")
        before = point.at
    return "".join(parts)


def _area(points: Sequence[Point], across: Place, up: Place) -> str:
    there = [f"{across(p.at)} {up(p.high)}" for p in points]
    back = [f"{across(p.at)} {up(p.low)}" for p in reversed(points)]
    return "M" + "L".join(there + back) + "Z"


_STEPS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000)
"""Seconds between two marks of a time axis."""


def times(start: datetime, end: datetime, across: Place, frame: Frame) -> list[Tick]:
    """As many marks as have room at round times of the reader's clock, nine at most; a day is named where the marks are
    days apart. What would leave the drawing is left out."""
    length, most = (end - start).total_seconds(), min(9, frame.width // 80)
    step = next((one for one in _STEPS if length / one <= most), _STEPS[-1])
    first = localtime(start)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight.timestamp() + math.ceil((first - midnight).total_seconds() / step) * step
    form = "H:i" if step < 86400 else pgettext("format of a date", "j M")
    found: list[Tick] = []
    while at < end.timestamp():
        text = dateformat.format(localtime(datetime.fromtimestamp(at, UTC)), form)
        if across(at) + ems(text) * LETTERS / 2 <= frame.width:
            found.append(Tick(across(at), text))
        at += step
    return found


def _bands(bands: Spans, across: Place) -> list[Band]:
    found = []
    for begin, end, state in bands:
        if state is State.OK:
            continue
        x, to = across(begin.timestamp()), across(end.timestamp())
        title = f"{state_text(state.value)} {_clock(begin.timestamp())} – {_clock(end.timestamp())}"
        found.append(Band(x, max(1.0, to - x), state.value, title))
    return found


def _said(point: Point, unit: str) -> str:
    """A point in words; of a stretch with several samples also how far they lay apart."""
    spread = "" if point.low == point.high else f" ({format_value(point.low, unit)} – {format_value(point.high, unit)})"
    return f"{_clock(point.at)}  {format_value(point.mean, unit)}{spread}"


def strip(
    bands: Spans, start: datetime, end: datetime, *, held: Mapping[State, float] | None = None, width: int = STRIP
) -> Strip:
    """A day of a system or check as one row of bars. ``held`` says better than the bands how long each state lasted."""
    length = max(1.0, (end - start).total_seconds())
    row = [
        Band(
            round(width * (begin - start).total_seconds() / length, 2),
            round(max(0.5, width * (stop - begin).total_seconds() / length), 2),
            state.value,
            f"{state_text(state.value)} {_clock(begin.timestamp())} – {_clock(stop.timestamp())}",
        )
        for begin, stop, state in bands
    ]
    return Strip(row, sentence(lasted([bands]) if held is None else held))


def lasted(all_bands: Iterable[Spans]) -> dict[State, float]:
    """State → seconds in which the worst of many checks was in it; what was not watched counts for none."""
    turns = sorted(
        turn for bands in all_bands for begin, stop, state in bands if begin < stop
        for turn in ((begin, state.rank, 1), (stop, state.rank, -1))
    )  # fmt: skip
    by_rank, running = {state.rank: state for state in State}, [0] * len(State)
    found: dict[State, float] = {}
    for (at, rank, by), (until, *_rest) in itertools.pairwise(turns):
        running[rank] += by
        there = [by_rank[one] for one, count in enumerate(running) if count]
        if there:
            found[there[-1]] = found.get(there[-1], 0.0) + (until - at).total_seconds()
    return found


def sentence(held: Mapping[State, float]) -> str:
    """How long what was not ok lasted, the worst first, and that the rest was ok."""
    bad = [state for state in (State.CRITICAL, State.WARNING, State.UNKNOWN) if held.get(state)]
    if not bad:
        return _("ok while watched") if held.get(State.OK) else state_text("none")
    said = listed(f"{state_text(state.value)} {format_seconds(held[state])}" for state in bad)
    return _("%(states)s; otherwise ok") % {"states": said} if held.get(State.OK) else said


def worst_of(all_bands: Sequence[Spans], start: datetime, end: datetime, parts: int = 96) -> list[Span]:
    """The worst state of many checks in each of ``parts`` equal stretches, neighbours alike joined; nothing before the
    first look at any of them."""
    step = (end - start) / parts

    def places(begin: datetime, stop: datetime) -> range:
        return range(max(0, int((begin - start) / step)), min(parts, math.ceil((stop - start) / step)))

    worst = [State.OK] * parts
    spans = [span for bands in all_bands for span in bands]
    for begin, stop, state in sorted(spans, key=lambda span: span[2].rank):  # so that a worse one covers a better one
        there = places(begin, stop)
        worst[there.start : there.stop] = [state] * len(there)
    joined: list[Span] = []
    for place in places(min(span[0] for span in spans), max(span[1] for span in spans)) if spans else ():
        state, begin, stop = worst[place], start + step * place, start + step * (place + 1)
        if joined and joined[-1][2] is state:
            joined[-1] = (joined[-1][0], stop, state)
        else:
            joined.append((begin, stop, state))
    return joined


def _clock(at: float) -> str:
    return format_instant(localtime(datetime.fromtimestamp(at, UTC)))
