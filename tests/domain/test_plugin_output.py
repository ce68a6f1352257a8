"""What a plugin prints, by the guidelines' own examples and by what plugins really print."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.plugin_output import MOST_METRICS, Range, parse_output, parse_range


@pytest.mark.parametrize(
    ("printed", "text", "values"),
    [
        ("", "", {}),
        ("PING OK - Packet loss = 0%", "PING OK - Packet loss = 0%", {}),
        ("OK | time=0.002722s;;;0.000000 size=11B;;;0", "OK", {"time": (0.002722, "s"), "size": (11.0, "B")}),
        ("LOAD | load1=0.26;15;30;0; load5=0.27", "LOAD", {"load1": (0.26, "1"), "load5": (0.27, "1")}),
        ("DISK OK|/=2643MB;5948;5958;0;5968", "DISK OK", {"/": (2643 * 1024.0**2, "B")}),
        ("x|'free on /boot disk'=68%;@10:20;~:5", "x", {"free on /boot disk": (68.0, "%")}),
        ("x|'it''s'=1c", "x", {"it's": (1.0, "1")}),
        ("x|rta=12,5ms;3000 pl=0%", "x", {"rta": (0.0125, "s"), "pl": (0.0, "%")}),
        ("x|a=U b=-.5e1us", "x", {"b": (-5e-6, "s")}),
        ("x|a=1= b= =3 c=nan d=1;2;3;4;5", "x", {"d": (1.0, "1")}),
        ("x | a=1\nmore words\nand more | b=2\nc=3\n", "x\nmore words\nand more",
         {"a": (1.0, "1"), "b": (2.0, "1"), "c": (3.0, "1")}),
        ("x|a=1e999", "x", {}),
    ],
)  # fmt: skip
def test_text_and_numbers(printed: str, text: str, values: dict[str, tuple[float, str]]) -> None:
    found = parse_output(printed)
    assert found.text == text
    assert {name: (value, found.units[name]) for name, value in found.values.items()} == {
        name: (pytest.approx(value), unit) for name, (value, unit) in values.items()
    }


@given(st.text(max_size=2000))
def test_whatever_is_printed_is_taken(printed: str) -> None:
    found = parse_output(printed)
    assert found.values.keys() == found.units.keys()
    assert all(math.isfinite(value) for value in found.values.values())


@given(st.dictionaries(st.text("ab c/'_", min_size=1).filter(str.strip), st.floats(-1e9, 1e9), max_size=20))
def test_labels_come_back(wanted: dict[str, float]) -> None:
    stripped = {label.strip(): value for label, value in wanted.items()}
    data = " ".join("'{}'={!r}".format(label.replace("'", "''"), value) for label, value in stripped.items())
    assert parse_output(f"OK | {data}").values == pytest.approx(stripped)


def test_there_is_an_end_to_metrics() -> None:
    printed = "x|" + " ".join(f"m{number}=1" for number in range(MOST_METRICS * 2))
    assert len(parse_output(printed).values) == MOST_METRICS


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        ("10", [-1, 11], [0, 5, 10]),
        ("10:", [9.9, -3], [10, 1e9]),
        (":10", [-1, 11], [0, 10]),
        ("~:10", [10.1], [-1e9, 0, 10]),
        ("10:20", [9, 21], [10, 15, 20]),
        ("@10:20", [10, 15, 20], [9, 21]),
        ("@10:", [10, 99], [9]),
        ("@~:10", [10, -99], [11]),
        ("-5:-1,5", [-6, 0], [-5, -1.5]),
    ],
)
def test_the_guidelines_ranges(text: str, wrong: list[float], right: list[float]) -> None:
    found = parse_range(text)
    assert found is not None
    assert [value for value in wrong if not found.holds(value)] == []
    assert [value for value in right if found.holds(value)] == []


@pytest.mark.parametrize("text", ["", "@", "~", "~:", "20:10", "a", "1:2:3", "10 20", "1e999:1e999"])
def test_no_ranges(text: str) -> None:
    assert parse_range(text) is None


BOUNDS = st.none() | st.floats(-1e6, 1e6)


@given(BOUNDS, BOUNDS, st.floats(-1e7, 1e7))
def test_a_range_comes_back_and_turned_says_the_opposite(low: float | None, high: float | None, value: float) -> None:
    printed = f"{'~' if low is None else repr(low)}:{'' if high is None else repr(high)}"
    found, turned = parse_range(printed), parse_range("@" + printed)
    if (low is None and high is None) or (low is not None and high is not None and low > high):
        assert (found, turned) == (None, None)
    else:
        assert (found, turned) == (Range(low, high), Range(low, high, inside=True))
        assert found is not None
        assert turned is not None
        assert found.holds(value) is not turned.holds(value)


@given(st.text("@~:.,-+e0123456789", max_size=12))
def test_whatever_stands_where_a_range_belongs_is_taken(text: str) -> None:
    found = parse_output(f"x|a=1;{text};{text};0;9")
    assert found.values == {"a": 1.0}
    assert found.warn == found.crit
    assert found.warn.get("a") == parse_range(text)


def test_ranges_are_in_the_units_of_their_values() -> None:
    found = parse_output("DISK|/=2643MB;5948;@5:5958;0;5968 rta=5ms;;10: pl=0%")
    assert found.warn == {"/": Range(0.0, 5948 * 1024.0**2)}
    assert found.crit == {"/": Range(5 * 1024.0**2, 5958 * 1024.0**2, inside=True), "rta": Range(0.01, None)}
