"""Clocks of incidents: working time, pauses, raised levels; on days on which clocks are set too."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.catalogue.models import System
from mainstay.catalogue.practices import Practices
from mainstay.catalogue.template import practice
from mainstay.domain.calendar import ALWAYS, NO_BOOK, DayBook, Hours, parse_hours
from mainstay.domain.clock import Course, Kind, Limits, Pause, Stand, next_due, reach, reached_at, readings
from mainstay.domain.worktime import Timetable

BERLIN, SHANGHAI, SAO_PAULO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai"), ZoneInfo("America/Sao_Paulo")
OFFICE = parse_hours("Mon-Fri 09:00-18:00")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BOOK = DayBook(frozenset({date(2027, 10, 1)}), frozenset({date(2027, 10, 9)}))
"""A Friday that is free and a Saturday that is worked for it."""


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "end", "hours", "worked"),
    [
        ("2027-07-01 10:00", "2027-07-01 12:30", OFFICE, 2.5),
        ("2027-07-01 17:00", "2027-07-02 10:00", OFFICE, 2.0),
        ("2027-07-02 17:00", "2027-07-05 10:00", OFFICE, 2.0),  # over a weekend
        ("2027-09-30 17:00", "2027-10-04 10:00", OFFICE, 2.0),  # over a holiday and a weekend
        ("2027-10-08 17:00", "2027-10-11 09:00", OFFICE, 10.0),  # the Saturday is worked
        ("2027-07-03 10:00", "2027-07-04 10:00", OFFICE, 0.0),
        ("2027-03-27 12:00", "2027-03-28 12:00", ALWAYS, 23.0),  # clocks forward
        ("2027-03-28 00:00", "2027-03-28 06:00", parse_hours("01:00-04:00"), 2.0),  # 02:00 to 03:00 is left out
        ("2027-10-31 00:00", "2027-10-31 06:00", parse_hours("01:00-04:00"), 4.0),  # 02:00 to 03:00 comes twice
        ("2027-07-01 20:00", "2027-07-02 08:00", parse_hours("22:00-06:00"), 8.0),
        ("2027-07-01 12:00", "2027-07-01 11:00", OFFICE, 0.0),
    ],
)
def test_working_time(start: str, end: str, hours: Hours, worked: float) -> None:
    table = Timetable(hours, BERLIN, BOOK)
    assert table.between(berlin(start), berlin(end)) == timedelta(hours=worked)


@pytest.mark.parametrize(
    ("start", "amount", "end"),
    [
        ("2027-07-01 10:00", 2 * HOUR, "2027-07-01 12:00"),
        ("2027-07-01 17:00", 2 * HOUR, "2027-07-02 10:00"),
        ("2027-07-01 17:00", HOUR, "2027-07-01 18:00"),
        ("2027-07-03 12:00", 8 * HOUR, "2027-07-05 17:00"),
        ("2027-09-30 17:30", 24 * HOUR, "2027-10-06 14:30"),
    ],
)
def test_when_so_much_has_passed(start: str, amount: timedelta, end: str) -> None:
    assert Timetable(OFFICE, BERLIN, BOOK).after(berlin(start), amount) == berlin(end)


def test_hours_that_never_come() -> None:
    free = DayBook(frozenset(date(2027, 1, 1) + n * DAY for n in range(4000)))
    assert Timetable(OFFICE, BERLIN, free).after(berlin("2027-07-01 10:00"), HOUR) is None


ZONES = st.sampled_from((BERLIN, SHANGHAI, SAO_PAULO, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")))
TABLES = st.builds(
    Timetable,
    st.sampled_from([OFFICE, parse_hours("22:00-06:00"), parse_hours("01:30-02:30"), parse_hours("Sun 00:00-24:00"),
                     parse_hours("Mon-Fri 08:30-12:00, Mon-Fri 13:30-17:15, Sat 09:00-12:00"), ALWAYS]),
    ZONES,
    st.sampled_from((BOOK, NO_BOOK)),
)  # fmt: skip
MOMENTS = st.integers(0, 6 * 365 * 1440).map(lambda n: datetime(2015, 1, 1, tzinfo=UTC) + n * MINUTE)
TURNS = st.sampled_from([
    berlin("2027-03-28 00:30"), berlin("2027-10-31 00:30"), datetime(2018, 11, 4, 1, tzinfo=UTC),
    datetime(2018, 2, 17, 23, tzinfo=UTC), datetime(2019, 4, 6, 13, tzinfo=UTC), datetime(2019, 10, 5, 13, tzinfo=UTC),
])  # fmt: skip
"""Shortly before clocks are set, in Europe, Brazil (at midnight) and on Lord Howe (by half an hour)."""
STARTS = st.one_of(MOMENTS, TURNS)
SPANS = st.integers(0, 10 * 1440).map(lambda n: n * MINUTE)


@given(TABLES, STARTS)
def test_it_agrees_with_the_hours_minute_by_minute(table: Timetable, start: datetime) -> None:
    minutes = [start + n * MINUTE for n in range(8 * 60)]
    counted = sum(table.covers(at) for at in minutes)
    assert table.between(start, start + 8 * HOUR) == counted * MINUTE


@given(TABLES, STARTS, SPANS, SPANS)
def test_parts_add_up(table: Timetable, start: datetime, one: timedelta, other: timedelta) -> None:
    middle, end = start + one, start + one + other
    assert table.between(start, middle) + table.between(middle, end) == table.between(start, end)


@given(TABLES, STARTS, st.integers(1, 60 * 60).map(lambda n: n * MINUTE))
def test_the_end_is_where_the_time_has_passed(table: Timetable, start: datetime, amount: timedelta) -> None:
    end = table.after(start, amount)
    assert end is not None
    assert table.between(start, end) == amount
    assert table.between(start, end - MINUTE) < amount


# Clocks


def limits(table: Timetable | None = None) -> Limits:
    return Limits(HOUR, 8 * HOUR, table or Timetable(OFFICE, BERLIN, BOOK))


def test_a_clock_runs_out_to_the_second() -> None:
    start = berlin("2027-07-01 17:30")
    respond, resolve = readings(limits(), Course(start), berlin("2027-07-02 09:29:59"))
    assert (respond.kind, respond.stand, respond.late, respond.close) == (Kind.RESPOND, Stand.COUNTING, False, True)
    assert respond.left == timedelta(seconds=1)
    assert respond.due_at == berlin("2027-07-02 09:30")
    assert respond.warn_at == berlin("2027-07-02 09:18")
    assert resolve.due_at == berlin("2027-07-02 16:30")
    assert readings(limits(), Course(start), berlin("2027-07-02 09:30"))[0].late
    assert next_due([respond, resolve]) == respond.due_at


def test_out_of_hours_it_rests() -> None:
    found = readings(limits(), Course(berlin("2027-07-01 17:30")), berlin("2027-07-01 22:00"))
    assert {one.stand for one in found} == {Stand.RESTING}


def test_who_responded_stops_one_clock_and_a_pause_only_the_other() -> None:
    start = berlin("2027-07-01 09:00")
    course = Course(start, berlin("2027-07-01 09:30"), None, [Pause(berlin("2027-07-01 10:00"))])
    respond, resolve = readings(limits(), course, berlin("2027-07-01 15:00"))
    assert (respond.stand, respond.late, respond.spent) == (Stand.OVER, False, 30 * MINUTE)
    assert (resolve.stand, resolve.spent, resolve.due_at) == (Stand.PAUSED, HOUR, None)
    assert next_due([respond, resolve]) is None


def test_after_a_pause_the_end_is_later_by_its_working_time() -> None:
    pauses = [Pause(berlin("2027-07-01 17:00"), berlin("2027-07-02 10:00"))]
    course = Course(berlin("2027-07-01 09:30"), None, None, pauses)
    resolve = readings(limits(), course, berlin("2027-07-02 10:15"))[1]
    assert resolve.due_at == berlin("2027-07-02 10:30")
    assert resolve.spent == timedelta(hours=7, minutes=45)


def test_what_ran_out_before_a_pause_ran_out() -> None:
    course = Course(berlin("2027-07-01 09:00"), None, None, [Pause(berlin("2027-07-02 12:00"))])
    resolve = readings(limits(), course, berlin("2027-07-05 12:00"))[1]
    assert resolve.late
    assert resolve.due_at == berlin("2027-07-01 17:00")


def test_who_ends_it_without_taking_it_on_has_responded() -> None:
    course = Course(berlin("2027-07-01 09:00"), None, berlin("2027-07-01 09:10"))
    assert [one.stand for one in readings(limits(), course, berlin("2027-07-03 09:00"))] == [Stand.OVER, Stand.OVER]


@st.composite
def pauses(draw: st.DrawFn, start: datetime) -> list[Pause]:
    edges = sorted(start + n * MINUTE for n in draw(st.sets(st.integers(0, 9 * 1440), max_size=8)))
    return [Pause(one, other) for place, (one, other) in enumerate(pairwise(edges)) if place % 2 == 0]


@given(st.data(), TABLES, STARTS, SPANS)
def test_pauses_and_counted_time_make_up_the_whole(
    data: st.DataObject, table: Timetable, start: datetime, span: timedelta
) -> None:
    now, stopped = start + span, data.draw(pauses(start))
    resolve = readings(limits(table), Course(start, None, None, stopped), now)[1]
    paused = sum((table.between(one.begun, min(one.ended or now, now)) for one in stopped), timedelta())
    assert resolve.spent + paused == table.between(start, now)
    assert resolve.late is (resolve.due_at is not None and resolve.due_at <= now)
    assert resolve.close is (resolve.warn_at is not None and resolve.warn_at <= now)


# Levels


def test_a_raised_level_begins_its_own_clock_and_a_game_with_levels_gains_nothing() -> None:
    since = datetime(2027, 7, 1, 9, tzinfo=UTC)
    reached = reach({}, 3, since)
    reached = reach(reached, 1, since + 5 * HOUR)
    assert reached_at(reached, 1, since) == since + 5 * HOUR
    reached = reach(reached, 2, since + 7 * HOUR)
    assert reached_at(reached, 2, since) == since + 5 * HOUR, "it was worse before"
    assert reached_at(reached, 3, since) == since
    assert reached_at(reach(reached, 1, since + 9 * HOUR), 1, since) == since + 5 * HOUR


def test_opened_again_it_begins_anew() -> None:
    since = datetime(2027, 7, 1, 9, tzinfo=UTC)
    assert reached_at({"1": (since - HOUR).isoformat()}, 1, since) == since
    assert reached_at({}, 2, since) == since


# What is said where


def shipped() -> Practices:
    return Practices([practice()], {})


@pytest.mark.parametrize(("level", "respond", "resolve"), [(1, 0.25, 4), (2, 1, 8), (3, 8, 24)])
def test_what_comes_with_mainstay(level: int, respond: float, resolve: float) -> None:
    system = System(pk=1, name="shop", timezone="Europe/Berlin", document={"hours": "Mon-Fri 09:00-18:00"})
    found = shipped().limits(system, level, "system")
    assert (found.respond, found.resolve) == (respond * HOUR, resolve * HOUR)
    assert found.table.covers(berlin("2027-07-03 12:00")) is (level == 1)


def test_a_system_says_it_for_a_category_and_leaves_the_rest() -> None:
    own = {"books": {"category": "data", "level": 2, "resolve": "2h"}, "all": {"respond": "30m", "hours": "always"}}
    system = System(pk=1, name="shop", document={"clocks": own, "hours": "Mon-Fri 09:00-18:00"})
    practices = shipped()
    data, other = (practices.limits(system, 2, one) for one in ("data", "system"))
    assert (data.respond, data.resolve) == (30 * MINUTE, 2 * HOUR)
    assert (other.respond, other.resolve) == (30 * MINUTE, 8 * HOUR)
    assert not data.table.hours.spans
