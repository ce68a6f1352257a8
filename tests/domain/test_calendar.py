"""Hours of the week, in a zone, with holidays and worked weekends."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.calendar import NO_BOOK, DayBook, parse_hours

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
BOOK = DayBook(holidays=frozenset({date(2026, 10, 1)}), workdays=frozenset({date(2026, 10, 10)}))


@pytest.mark.parametrize(
    ("hours", "at", "zone", "book", "inside", "why"),
    [
        ("", "2026-11-24T03:00+00:00", SHANGHAI, NO_BOOK, True, "no hours mean always"),
        ("Mon-Fri 09:00-18:00", "2026-11-24T01:00+00:00", SHANGHAI, NO_BOOK, True, "09:00 there"),
        ("Mon-Fri 09:00-18:00", "2026-11-24T10:00+00:00", SHANGHAI, NO_BOOK, False, "18:00 there is the end"),
        ("Mon-Fri 09:00-18:00", "2026-11-28T03:00+00:00", SHANGHAI, NO_BOOK, False, "a Saturday"),
        ("Mon-Fri 09:00-18:00", "2026-10-01T03:00+00:00", SHANGHAI, BOOK, False, "a holiday"),
        ("Mon-Fri 09:00-18:00", "2026-10-10T03:00+00:00", SHANGHAI, BOOK, True, "a worked Saturday"),
        ("22:00-06:00", "2026-11-24T23:00+01:00", BERLIN, NO_BOOK, True, "before midnight"),
        ("22:00-06:00", "2026-11-25T05:59+01:00", BERLIN, NO_BOOK, True, "after midnight"),
        ("22:00-06:00", "2026-11-25T06:00+01:00", BERLIN, NO_BOOK, False, "the end"),
        ("Fri 22:00-06:00", "2026-11-28T05:00+01:00", BERLIN, NO_BOOK, True, "Friday's night reaches into Saturday"),
        ("Fri 22:00-06:00", "2026-11-27T05:00+01:00", BERLIN, NO_BOOK, False, "Thursday's night does not count"),
        ("Sat-Mon 00:00-24:00", "2026-11-29T12:00+01:00", BERLIN, NO_BOOK, True, "days wrap round the week"),
        ("Mon 09:00-10:00, Tue 09:00-10:00", "2026-11-24T09:30+01:00", BERLIN, NO_BOOK, True, "the second span"),
    ],
)
def test_contains(hours: str, at: str, zone: ZoneInfo, book: DayBook, inside: bool, why: str) -> None:
    assert parse_hours(hours).contains(datetime.fromisoformat(at), zone, book) is inside, why


@pytest.mark.parametrize("text", ["Mon", "Mon-Fri", "Mon-Fri 9-18", "Mon-Fri 09:00", "Mo 09:00-10:00", "25:00-26:00",
                                  "Fox 09:00-10:00", "09:60-10:00", "Mon 09:00-10:00,"])  # fmt: skip
def test_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        parse_hours(text)


CLOCKS = st.tuples(st.integers(0, 23), st.integers(0, 59)).map(lambda one: f"{one[0]:02}:{one[1]:02}")


MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1))  # noqa: DTZ001 - hypothesis wants naive bounds


@given(CLOCKS, CLOCKS, MOMENTS)
def test_hours_and_the_rest_of_the_day_are_all_of_it(start: str, end: str, at: datetime) -> None:
    moment = at.replace(tzinfo=UTC)
    inside = parse_hours(f"{start}-{end}").contains(moment, SHANGHAI)
    outside = parse_hours(f"{end}-{start}").contains(moment, SHANGHAI)
    assert (inside and outside) is (start == end)
    assert inside or outside


@given(MOMENTS, st.integers(0, 6))
def test_every_day_is_exactly_one_day_of_the_week(at: datetime, shift: int) -> None:
    moment = (at + timedelta(days=shift)).replace(tzinfo=UTC)
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    assert sum(parse_hours(f"{day} 00:00-24:00").contains(moment, BERLIN) for day in days) == 1


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_hours(text)
    except ValueError:
        pass
