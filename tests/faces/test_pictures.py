"""The drawings, without a page: what a strip and a graph show is the same in shape, in colour and in words."""

import itertools
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override

from mainstay.catalogue.kinds import probe_kinds
from mainstay.domain.state import State
from mainstay.domain.threshold import parse_condition
from mainstay.monitoring.queries import Point
from mainstay.web import bars, charts, graph, lettering
from mainstay.web.frames import FRAMES, LETTERS, Frame
from mainstay.web.lettering import ems
from mainstay.web.templatetags.mainstay import days_said
from mainstay.web.templatetags.signs import bar, role_word, state_text

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(hours=24)
STATES = {"o": State.OK, "w": State.WARNING, "c": State.CRITICAL, "u": State.UNKNOWN}


def story(text: str) -> charts.Spans:
    """``6o 1c 17o``: hours and states, one after the other; a minus is a time without any."""
    found, at = [], START
    for word in text.split():
        to = at + timedelta(hours=float(word[:-1]))
        if word[-1] != "-":
            found.append((at, to, STATES[word[-1]]))
        at = to
    return found


def told(spans: Sequence[charts.Span]) -> str:
    return " ".join(f"{(end - start) / timedelta(hours=1):g}{state.value[0]}" for start, end, state in spans)


@pytest.mark.parametrize(
    ("stories", "worst", "said"),
    [
        ([], "", "not watched"),
        (["24o"], "24o", "ok while watched"),
        (["6o 1c 17o"], "6o 1c 17o", "critical 1h; otherwise ok"),
        (["24c"], "24c", "critical 1d"),
        (["6o 0.2c 17.8o"], "6o 0.25c 17.75o", "critical 12m; otherwise ok"),
        (["6w 18o", "3o 6u 15o"], "6w 3u 15o", "warning 6h, unknown 3h; otherwise ok"),
        (["6w 18o", "3o 1c 20o", "3.5o 1c 19.5o"], "3w 1.5c 1.5w 18o",
         "critical 1h30m, warning 4h30m; otherwise ok"),
        (["12- 6u"], "6u", "unknown 6h"),
        (["12- 6u 6o"], "6u 6o", "unknown 6h; otherwise ok"),
    ],
)  # fmt: skip
def test_the_worst_of_many_checks(stories: list[str], worst: str, said: str) -> None:
    bands = [story(one) for one in stories]
    assert told(charts.worst_of(bands, START, END)) == worst
    assert charts.sentence(charts.lasted(bands)) == said


def test_a_strip_has_a_bar_for_each_stretch() -> None:
    strip = charts.strip(story("6o 12c 6w"), START, END)
    assert [(one.x, one.width, one.state) for one in strip.bands] == [
        (0, 60, "ok"), (60, 120, "critical"), (180, 60, "warning"),
    ]  # fmt: skip
    assert strip.bands[1].title.startswith("critical 1 Mar 2026, 06:00:00")
    assert strip.said == "critical 12h, warning 6h; otherwise ok"
    assert charts.strip(story("24o"), START, END, held={State.CRITICAL: 90.0}).said == "critical 1m30s"
    with override("zh-hans"):
        assert "严重" in charts.strip(story("6o 12c 6w"), START, END).said


def test_every_state_has_a_height_of_its_own() -> None:
    shapes = [bar(state, 0, 5, 20) for state in ("ok", "warning", "critical", "unknown", "none")]
    assert len({one.partition(" x=")[2] for one in shapes}) == 5
    assert bar("critical", 1.5, 5, 20, 8) == 'class="band-critical" x="1.5" y="8" width="5" height="20"'


@pytest.mark.parametrize("frame", FRAMES, ids=lambda one: one.look)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("hours", [1, 6, 24, 168, 720, 2160])
def test_a_chart_has_room_for_its_letters(frame: Frame, language: str, hours: int) -> None:
    """None leaves the drawing or lies on its neighbour, and there are enough to tell the time by."""
    limit = (State.CRITICAL, parse_condition("the_total_of_all_the_orders_of_the_subsidiaries > 900000"))
    points = [Point(START.timestamp() + 60 * n, 123456.7 * n, 0, 123456.7 * n) for n in range(9)]
    with override(language):
        end = START + timedelta(hours=hours)
        drawn = charts.chart(points, "1", START, end, limits=[limit], frame=frame)
    assert drawn is not None
    spans = [(one.place - ems(one.text) * LETTERS / 2, one.place + ems(one.text) * LETTERS / 2) for one in drawn.times]
    assert 3 <= len(spans) <= 9
    assert all(before[1] < after[0] for before, after in itertools.pairwise(spans))
    assert 0 <= spans[0][0] <= spans[-1][1] <= frame.width
    assert max(ems(one.text) for one in drawn.marks) * LETTERS < drawn.left
    assert ems(drawn.limits[0].text) * LETTERS <= drawn.right - drawn.left


@pytest.mark.parametrize("frame", FRAMES, ids=lambda one: one.look)
def test_names_below_bars_do_not_touch(frame: Frame) -> None:
    names = [(f"{n}月30日", "", {"": float(n)}) for n in range(1, 27)]
    drawn = bars.columns(names, str, frame=frame)
    shown = [(one.middle, ems(one.text) * LETTERS) for one in drawn.columns if one.text]
    assert all(a + wide / 2 < b - broad / 2 for (a, wide), (b, broad) in itertools.pairwise(shown))
    assert drawn.columns[-1].text, "the newest has its name"
    assert [len(one.columns) for one in bars.in_all_frames(names, str, narrow=8)] == [26, 26, 8]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda one: one.look)
def test_what_the_marks_beside_bars_say_is_not_cut(frame: Frame) -> None:
    drawn = bars.columns([("7月", "", {"": 5400.0})], lambda one: f"{one:g}小时30分", frame=frame, time=True)
    assert all(ems(mark.text) * LETTERS <= drawn.label_end for mark in drawn.marks)
    assert drawn.label_end < drawn.left < drawn.columns[0].x + 1 < drawn.right


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ("ok ok", "no outage on any day"),
        ("ok critical", "1 day with a long outage"),
        ("critical warning warning none", "1 day with a long outage, 2 days with short outages, 1 day not watched"),
    ],
)
def test_days_in_words(looks: str, said: str) -> None:
    assert days_said(looks.split()) == said


@pytest.mark.parametrize(
    ("needs", "rows"),
    [
        ({}, []),
        ({"app": ["db"], "db": []}, [["app"], ["db"]]),
        ({"web": ["app", "db"], "app": ["db"], "db": [], "mail": []}, [["web", "mail"], ["app"], ["db"]]),
        ({"app": ["gone"]}, [["app"]]),
    ],
    ids=["nothing", "a pair", "below all that need it", "what is not there"],
)
def test_each_part_lies_below_what_needs_it(needs: dict[str, list[str]], rows: list[list[str]]) -> None:
    assert graph.layers(needs) == rows


@pytest.mark.parametrize(
    "needs", [{"a": ["b"], "b": ["a"]}, {"a": ["a"]}, {"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}]
)
def test_a_circle_is_drawn_once(needs: dict[str, list[str]]) -> None:
    assert sorted(name for row in graph.layers(needs) for name in row) == sorted(needs)


def test_the_graph_shows_root_and_echo() -> None:
    needs = {"app": ["db"], "batch": ["db"], "db": []}
    looks = {
        "app": ("Application", "http", "critical", "echo"), "batch": ("Batch", "host", "ok", ""),
        "db": ("Database", "postgresql", "critical", "root"),
    }  # fmt: skip
    drawn = graph.draw(needs, looks)
    assert [(one.name, one.state, one.part) for one in drawn.boxes] == [
        ("app", "critical", "echo"), ("batch", "ok", ""), ("db", "critical", "root"),
    ]  # fmt: skip
    assert [one.echo for one in drawn.arrows] == [True, False], "what only suffers points at its cause"
    app, batch, db = drawn.boxes
    assert (app.y, app.y) == (batch.y, 0)
    assert db.y > app.y + drawn.box_height
    assert batch.x - app.x > drawn.box_width, "side by side"
    assert (drawn.arrows[0].x2, drawn.arrows[0].y2) == (db.x + drawn.box_width // 2, db.y)
    assert max(one.x for one in drawn.boxes) + drawn.box_width <= drawn.width
    assert db.y + drawn.box_height == drawn.height
    assert (graph.draw({}, {}).boxes, graph.draw({}, {}).height) == ([], 0)


def boxes_in(page: str) -> list[tuple[str, list[str]]]:
    """Of each box its classes and its lines."""
    return [
        (css, re.findall(r"<text[^>]*>([^<]*)</text>", inside))
        for css, inside in re.findall(r'<g class="box ([^"]*)"[^>]*>(.*?)</g>', page)
    ]


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
@pytest.mark.parametrize("part", ["root", "echo", ""])
def test_no_box_loses_its_state_or_its_part(language: str, part: str) -> None:
    """Whatever it is: how it stands comes before its kind, whole and within the box."""
    for state in ("ok", "warning", "critical", "unknown", "none"):
        looks = {kind: ("x" * 60, kind, state, part) for kind in (*probe_kinds(), "payment-channel-of-all-the-shops")}
        drawn = graph.draw(dict.fromkeys(looks, ()), looks)
        with override(language):
            page = render_to_string("parts/graph.html", {"graph": drawn})
            wanted = " · ".join([state_text(state), *([role_word(part)] if part else [])])
        for css, (title, more, stands, kind) in boxes_in(page):
            assert stands == wanted
            assert more.endswith("…")
            assert max(ems(title), ems(more)) * 14 <= drawn.box_width - drawn.left - 8
            assert css.split() == [f"box-{state}", *([f"box-{part}"] if part else [])]
            assert max(ems(stands), ems(kind)) * 12 <= drawn.box_width - drawn.left - 8
        assert page.count("…") == len(looks) + 1, "every title, and of the kinds the one that is too long"


def test_a_part_that_has_room_on_two_lines_is_not_cut() -> None:
    looks = {"app": ("Application server for orders", "http", "ok", ""), "db": ("Database", "sqlite", "ok", "")}
    page = render_to_string("parts/graph.html", {"graph": graph.draw({"app": ["db"], "db": []}, looks)})
    assert [rest[:-2] for _css, rest in boxes_in(page)] == [["Application server", "for orders"], ["Database"]]


def test_the_graph_says_what_it_shows() -> None:
    needs = {"app": ["db", "gone"], "db": []}
    looks = {"app": ("Application", "http", "critical", "echo"), "db": ("Database", "sqlite", "critical", "root")}
    assert graph.draw(needs, looks).said == ("Application (critical · echo) needs Database; Database (critical · root)")


@pytest.mark.parametrize(
    ("text", "room", "most", "lines"),
    [
        ("paid", 9, 2, ["paid"]), ("", 9, 2, [""]),
        ("waiting for confirmation", 11, 2, ["waiting for", "confirmation"]),
        ("waiting for the confirmation of all", 11, 2, ["waiting for the", "confirmation of…"]),
        ("consolidated-settlement", 9, 2, ["consolidated-s", "ettlement"]),
        ("等待财务部门确认的订单", 6, 2, ["等待财务部门", "确认的订单"]),
        ("等待财务部门确认的全部订单", 6, 2, ["等待财务部门", "确认的全部…"]),
    ],
)  # fmt: skip
def test_words_are_broken_where_nothing_wraps(text: str, room: float, most: int, lines: list[str]) -> None:
    assert lettering.lines(text, room, most) == lines
    assert all(ems(one) <= room + 1e-9 for one in lines)


def test_an_axis_has_room_for_its_values() -> None:
    """However large they are: what does not fit would leave the drawing on its left."""
    for value in (3.5, 687_555_542.0, 1.5e12):
        drawn = charts.chart([Point(START.timestamp() + 60, value, value, value)], "1", START, END)
        assert drawn is not None
        assert max(ems(one.text) for one in drawn.marks) * charts.LETTERS <= drawn.left - 8
        assert float(re.findall(r"M([\d.]+)", drawn.line)[0]) >= drawn.left
