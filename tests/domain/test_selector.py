"""Selectors: the part of PromQL that chooses series and makes one number of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.selector import parse_selector

SERIES = [
    ({"code": "200", "path": "/"}, 10.0), ({"code": "500", "path": "/a"}, 2.0), ({"code": "503", "path": '/"b"'}, 3.0),
    ({}, 7.0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("sum(x)", [10, 2, 3, 7]),
        ('sum(x{code="200"})', [10]),
        ('sum( x { code = "200" , path="/" , } )', [10]),
        ('sum(x{code=~"5.."})', [2, 3]),
        ('sum(x{code=~"5"})', []),
        ('sum(x{code!~"5..",code!=""})', [10]),
        ('sum(x{code=""})', [7]),
        ('sum(x{path="/\\"b\\""})', [3]),
        ("x{}", [10, 2, 3, 7]),
    ],
)
def test_which_series(text: str, chosen: list[float]) -> None:
    selector = parse_selector(text)
    assert [value for labels, value in SERIES if selector.chooses(labels)] == chosen


@pytest.mark.parametrize(
    ("function", "wanted"), [("sum", 22), ("max", 10), ("min", 2), ("avg", 5.5), ("count", 4), ("rate", 22)]
)
def test_what_becomes_of_them(function: str, wanted: float) -> None:
    assert parse_selector(f"{function}(x)").join(value for _, value in SERIES) == wanted


def test_one_is_meant_where_nothing_is_said() -> None:
    assert parse_selector("x").join([4.0]) == 4.0
    with pytest.raises(ValueError, match=r"2 series of x match; write sum\(x"):
        parse_selector("x").join([4.0, 5.0])


@pytest.mark.parametrize(
    "text",
    ["", "1x", "sum(x", "x)", "sum x", "median(x)", "x{a}", 'x{a="}', "x{a=b}", 'x{a="b" c="d"}', 'x{a=~"("}', "x y",
     'x{a="b"}[5m]', 'x{,}'],
)  # fmt: skip
def test_what_is_no_selector(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|no regular expression"):
        parse_selector(text)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_selector(text)
    except ValueError:
        pass


@given(st.text(max_size=50))
def test_any_value_can_be_written(value: str) -> None:
    written = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    assert parse_selector(f'x{{a="{written}"}}').chooses({"a": value})
