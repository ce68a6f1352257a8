"""Durations as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("1h30m", 5400), ("2d", 172800), ("1w", 604800), ("250ms", 0.25), ("1.5h", 5400)],
)
def test_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "1h 30m", "5min", "１h", "5m\n"])
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write a number"):
        parse_duration(text)


@given(st.integers(0, 10**12))
def test_written_and_read_again(milliseconds: int) -> None:
    assert round(parse_duration(format_duration(milliseconds / 1000)) * 1000) == milliseconds


def test_never_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        format_duration(-1)


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert parse_duration(text) >= 0
    except ValueError:
        pass
