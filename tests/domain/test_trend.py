"""A month of inspections in figures, and the digest of a sheet."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from mainstay.domain.seal import digest
from mainstay.domain.trend import Day, Entry, days_of, parse_month, trends


def entry(day: int, value: float | None, state: str = "ok", item: str = "cpu") -> Entry:
    return Entry(date(2026, 11, day), "hardware", item, {}, "shop/host.cpu", {}, "cpu", "%", value, state)


def test_least_mean_most_and_last_of_each_line() -> None:
    found = trends([entry(3, 30.0), entry(1, 10.0), entry(2, None, "unknown"), entry(4, 20.0, "warning")])
    assert [(one.low, one.mean, one.high, one.last, one.days, one.abnormal) for one in found] == [
        (10.0, 20.0, 30.0, 20.0, 4, 2)
    ]
    assert [day.day for day, _ in found[0].points] == [1, 3, 4]


def test_a_line_without_any_value_has_no_figures() -> None:
    [found] = trends([entry(1, None, "none")])
    assert (found.low, found.mean, found.high, found.last, found.abnormal) == (None, None, None, None, 0)


def test_lines_of_the_newest_day_come_first() -> None:
    assert [one.item for one in trends([entry(1, 1.0, item="old"), entry(2, 1.0, item="new")])] == ["new", "old"]


def test_a_day_without_a_sheet_is_a_day() -> None:
    first, last = parse_month("2026-02")
    assert (first.day, last.day) == (1, 28)
    found = days_of(first, last, date(2026, 2, 3), {date(2026, 2, 2): Day(date(2026, 2, 2), 7, "ok", "signed")})
    assert [one.number for one in found] == [None, 7, None]
    assert days_of(first, last, date(2026, 1, 3), {}) == []


@pytest.mark.parametrize("text", ["2026", "2026-13", "November"])
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month"):
        parse_month(text)


def test_the_digest_knows_content_and_nothing_else() -> None:
    at = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
    there = at.astimezone(timezone(timedelta(hours=8)))
    assert digest({"a": 1, "b": at}) == digest({"b": there, "a": 1})
    assert digest({"a": 1.0}) != digest({"a": 2.0})
    with pytest.raises(TypeError, match="no canonical form"):
        digest({"a": object()})
