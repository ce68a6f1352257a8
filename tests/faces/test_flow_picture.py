"""A flow drawn: how many moved on, which steps left the path, on every face; and that no word leaves its box."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstay.catalogue.models import Check
from mainstay.cli.checks import show_flow
from mainstay.domain.actor import Role
from mainstay.domain.flow import Case, Stage, Step, analyse, drawn
from mainstay.monitoring.models import Observation
from mainstay.web import flow_picture
from mainstay.web.flow_moves import moves, off_path
from mainstay.web.lettering import ems
from tests.faces.test_api import client
from tests.faces.test_web import bad_day, person

__all__ = ["bad_day"]  # a fixture of the neighbours
HOUR = 3600.0
PATH = [
    Stage("new", 4 * HOUR, title={"en": "ordered", "zh": "已下单"}),
    Stage("paid", title={"en": "paid", "zh": "已付款"}),
    Stage("checked", optional=True), Stage("sent", title={"en": "sent off", "zh": "已发货"}), Stage("done", final=True),
]  # fmt: skip
STORIES = {
    "A": "new paid checked sent done", "B": "new paid sent", "C": "new sent", "D": "new paid new",
    "E": "new lost sent", "F": "new paid",
}  # fmt: skip


def seen(stories: dict[str, str], now: float | None = None) -> dict[str, Any]:
    """The payload of a flow whose cases went these ways, a step an hour until an hour ago."""
    now = datetime.now(UTC).timestamp() if now is None else now
    steps = [
        Step(name, state, now - HOUR * (len(text.split()) - place))
        for name, text in stories.items()
        for place, state in enumerate(text.split())
    ]
    cases = [Case(name, text.split()[-1], now - 9 * HOUR, 1000.5, "ann") for name, text in stories.items()]
    return drawn(analyse(PATH, cases, steps, now), now)


def picture(stories: dict[str, str]) -> flow_picture.Picture:
    found = seen(stories)
    return flow_picture.draw(found["stages"], found["moves"], found["detours"], "CNY")


def test_every_move_has_its_kind_and_its_count() -> None:
    """Past an optional stage is on the path; what went through a state that is no stage is known from its detour."""
    found = seen(STORIES)
    told = {
        (one.start, one.end): (one.kind, one.count) for one in moves(found["stages"], found["moves"], found["detours"])
    }
    assert told == {
        (0, 1): ("step", 4), (1, 2): ("step", 1), (2, 3): ("step", 1), (3, 4): ("step", 1),
        (1, 3): ("past", 1), (0, 3): ("skip", 2), (1, 0): ("back", 1),
    }  # fmt: skip
    assert off_path(moves(found["stages"], found["moves"], found["detours"])) == [("skip", 2), ("back", 1)]
    unknown = moves(found["stages"], [], [])
    assert [(one.kind, one.count) for one in unknown] == [("step", None)] * 4, "without a history nothing is counted"
    quiet = moves(found["stages"], [{"from": "new", "to": "paid", "count": 2}], [])
    assert [one.count for one in quiet] == [2, 0, 0, 0]


def test_a_skipped_and_a_backward_step_are_drawn_and_said() -> None:
    shown = picture(STORIES)
    for drawing in (shown.wide, shown.upright):
        assert sorted(one.kind for one in drawing.lines) == ["back", "past", "skip", "step", "step", "step", "step"]
    texts = {(one.kind, one.text) for one in shown.wide.lines}
    assert {("skip", "2 skipped"), ("back", "1 back"), ("past", "1"), ("step", "4")} <= texts
    assert shown.kinds == ["skip", "back"]
    assert shown.said == (
        "ordered 1 (1 stuck); paid 1; checked 0; sent off 3; done 1; ordered → sent off: 2 skipped;"
        " paid → ordered: 1 back"
    )
    above, below = (next(one for one in shown.wide.lines if one.kind == kind) for kind in ("skip", "back"))
    assert above.y < shown.wide.boxes[0].y < shown.wide.boxes[0].y + shown.wide.boxes[0].height < below.y
    after, before = (next(one for one in shown.upright.lines if one.kind == kind) for kind in ("skip", "back"))
    assert before.x < shown.upright.boxes[0].x < shown.upright.boxes[0].x + shown.upright.box_width < after.x
    with override("zh-hans"):
        assert "已下单 → 已发货" in picture(STORIES).said
    assert picture({"A": "new paid"}).kinds == []


def test_arcs_over_each_other_have_lanes_of_their_own() -> None:
    found = picture({"A": "new sent", "B": "new done", "C": "paid done", "D": "sent new done", "E": "done sent"})
    for kind, drawing in ((kind, one) for kind in ("skip", "back") for one in (found.wide, found.upright)):
        places = [(one.x, one.y) for one in drawing.lines if one.kind == kind]
        assert len(set(places)) == len(places)
    back = [one.y for one in found.wide.lines if one.kind == "back"]
    assert back[0] == back[1], "those that do not meet share one"


WORDS = st.text(st.sampled_from("abc mW等待确认的"), min_size=1, max_size=60)
AMOUNTS = st.floats(0, 1e13)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(WORDS, st.integers(0, 99_999), AMOUNTS, st.floats(0, 1e9)), min_size=1, max_size=9),
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 99_999)), max_size=30),
)
def test_nothing_leaves_its_box(stages: list[tuple[str, int, float, float]], ways: list[tuple[int, int, int]]) -> None:
    """Whatever the stages are called and however much lies in them."""
    given = [
        {"name": str(number), "title": {"en": title}, "cases": cases, "amount": amount, "oldest": long,
         "stuck": cases // 2, "stuck_amount": amount, "final": number == len(stages) - 1, "p50": long, "p95": long * 9}
        for number, (title, cases, amount, long) in enumerate(stages)
    ]  # fmt: skip
    shown = flow_picture.draw(given, [{"from": str(a), "to": str(b), "count": n} for a, b, n in ways], [], "CNY")
    for drawing in (shown.wide, shown.upright):
        for box in drawing.boxes:
            assert 0 <= box.x <= box.x + drawing.box_width <= drawing.width
            assert 0 <= box.y <= box.y + box.height <= drawing.height
            for one in box.words:
                size = {"name": flow_picture.NAME, "cases": 21}.get(one.look, flow_picture.SMALL)
                left = one.x if one.anchor == "start" else one.x - ems(one.text) * size
                assert left >= 0
                assert left + (one.pressed or ems(one.text) * size) <= drawing.box_width + 0.1, one
                assert one.y < box.height
        for line in drawing.lines:
            places = [float(one) for one in re.findall(r"-?[\d.]+", line.path + line.tip)]
            assert min(places) >= 0
            assert max(places[::2]) <= drawing.width + 0.1
            assert max(places[1::2]) <= drawing.height + 0.1
            assert line.y <= drawing.height


@pytest.fixture
def flow(bad_day: Check) -> str:
    """The address of a flow that was seen."""
    Observation.objects.update(payload=seen(STORIES))
    return "shop/checks/sales"


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/systems/shop/", "/systems/shop/checks/sales/", "/data/?view=flows"])
def test_every_page_with_a_flow_draws_it_and_lists_what_left_it(flow: str, page: str) -> None:
    text = person(Role.VIEWER).get(page).content.decode()
    assert text.count('role="img" aria-label="Sales: ordered 1 (1 stuck);') == 2, "in a row, and upright"
    for kind in ("step", "past", "skip", "back"):
        assert text.count(f'class="move move-{kind}"') >= 2, kind
    assert ">2 skipped</text>" in text
    rows = re.findall(r'<tr><td class="lead">(\w)</td><td>([^<]*) <span class="tag">(\w+)</span>', text)
    assert sorted(rows) == [
        ("C", "ordered → sent off", "skipped"), ("D", "paid → ordered", "back"), ("E", "ordered → sent off", "skipped"),
    ]  # fmt: skip
    assert "Steps off the path" in text
    if page != "/systems/shop/checks/sales/":
        assert '<a href="/systems/shop/checks/sales/">' in text


@pytest.mark.django_db
def test_a_masked_step_is_shown_as_it_is(flow: str) -> None:
    """Evidence may be masked by column; then there is no time to tell."""
    payload = seen(STORIES)
    payload["detours"] = [{**one, "case": "***", "at": "***"} for one in payload["detours"]]
    Observation.objects.update(payload=payload)
    assert '<td class="lead">***</td>' in person(Role.VIEWER).get("/systems/shop/").content.decode()


@pytest.mark.django_db
def test_the_wall_tells_of_them(flow: str) -> None:
    text = person(Role.VIEWER).get("/wall/").content.decode()
    slide = text[text.index('id="slide-flows"') :]
    assert "2 skipped · 1 back" in slide
    assert re.findall(r"→ (\d+)", slide) == ["4", "1", "1", "1"]


@pytest.mark.django_db
def test_the_interface_and_the_command_line_tell_of_them(flow: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = client(Role.VIEWER).get("/api/v1/checks/shop/sales/flow").json()["picture"]
    assert {(one["case"], one["from"], one["to"], one["backward"]) for one in told["detours"]} == {
        ("C", "new", "sent", False), ("D", "paid", "new", True), ("E", "new", "sent", False),
    }  # fmt: skip
    assert {"from": "paid", "to": "new", "count": 1} in told["moves"]
    show_flow("shop/sales")
    shown = [re.split(r"\s{2,}", line.strip()) for line in capsys.readouterr().out.splitlines()]
    assert ["new → paid", "4"] in shown
    assert ["case", "step", "kind", "at"] in shown
    for row in (["C", "new → sent", "skipped"], ["D", "paid → new", "back"]):
        assert any(line[:3] == row for line in shown), shown
    show_flow("shop/sales", as_json=True)
    assert json.loads(capsys.readouterr().out)["picture"]["detours"] == told["detours"]
