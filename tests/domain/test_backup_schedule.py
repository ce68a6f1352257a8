"""One tick is one run; what was missed is one run; a window and a clock that is set cost none and double none."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.backup_policy import Policy
from mainstay.domain.backup_schedule import Plan, Run, coming, due, missed, owed, plan_of, upcoming
from mainstay.domain.calendar import ALWAYS, DayBook, Hours, parse_hours

BERLIN = ZoneInfo("Europe/Berlin")
GREENWICH = ZoneInfo("UTC")
SHANGHAI = ZoneInfo("Asia/Shanghai")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def plan(full: str = "0 2 * * 0", incremental: str = "0 2 * * *", zone: ZoneInfo = GREENWICH, window: str = "") -> Plan:
    return Plan(full, incremental, zone, parse_hours(window))


SUNDAY, MONDAY = "2026-11-01T02:00", "2026-11-02T02:00"


@pytest.mark.parametrize(
    ("after", "now", "tick", "level"),
    [
        ("2026-10-31T03:00", "2026-11-01T02:00", SUNDAY, "full"),  # both fall due at one moment: the full one
        ("2026-11-01T02:00", "2026-11-02T02:00", MONDAY, "incremental"),
        ("2026-11-01T02:00", "2026-11-01T23:59", None, ""),
        ("2026-11-02T02:00", "2026-11-02T02:00", None, ""),  # the tick had its run
        ("2026-10-31T03:00", "2026-11-02T05:00", MONDAY, "full"),  # a full one was missed: made up under the newest
        ("2026-11-01T02:00", "2026-11-07T02:00", "2026-11-07T02:00", "incremental"),  # six missed are one
        ("2026-06-01T00:00", "2026-11-03T00:00", MONDAY, "full"),  # months away
    ],
)
def test_what_is_due(after: str, now: str, tick: str | None, level: str) -> None:
    found = due(plan(), at(after), at(now))
    assert (found and (found.tick, found.level)) == (tick and (at(tick), level))


def test_after_a_run_nothing_is_due_until_the_next_tick() -> None:
    first = due(plan(), at("2026-06-01T00:00"), at("2026-11-03T00:00"))
    assert first is not None
    assert due(plan(), first.tick, at("2026-11-03T01:59")) is None
    assert due(plan(), first.tick, at("2026-11-03T02:00")) is not None


def test_a_closed_window_holds_a_run_back_and_does_not_lose_it() -> None:
    night = plan("0 20 * * *", "", window="22:00-04:00")
    assert due(night, at("2026-11-01T20:00"), at("2026-11-02T21:59")) is None
    found = due(night, at("2026-11-01T20:00"), at("2026-11-02T22:00"))
    assert found is not None
    assert found.tick == at("2026-11-02T20:00")
    assert upcoming(night, at("2026-11-01T20:00"), 1) == [Run(at("2026-11-02T20:00"), "full", at("2026-11-02T22:00"))]


def test_ticks_that_fall_due_before_the_window_opens_are_one_run() -> None:
    hourly = plan("0 12 * * *", "0 * * * *", window="22:00-23:00")
    assert [(run.tick.hour, run.level) for run in upcoming(hourly, at("2026-11-01T23:30"), 2)] == [
        (22, "full"), (22, "full"),
    ]  # fmt: skip
    assert [run.begins for run in upcoming(hourly, at("2026-11-01T23:30"), 2)] == [
        at("2026-11-02T22:00"), at("2026-11-03T22:00"),
    ]  # fmt: skip


def test_holidays_close_a_window() -> None:
    book = DayBook(holidays=(date(2026, 11, 2),))
    working = Plan("0 9 * * *", "", ZoneInfo("UTC"), parse_hours("Mon-Fri 09:00-18:00"), book)
    assert upcoming(working, at("2026-10-31T00:00"), 1)[0].begins == at("2026-11-03T09:00")


def test_a_window_that_never_opens_gives_no_run_and_does_not_hang() -> None:
    closed = Plan("0 9 * * *", "", ZoneInfo("UTC"), parse_hours("Mon 09:00-10:00"), _Never())
    assert upcoming(closed, at("2026-10-31T00:00")) == []
    assert due(closed, at("2026-10-31T00:00"), at("2026-11-02T09:30")) is None
    assert owed(closed, at("2026-10-31T00:00"), at("2026-11-30T09:30")) is None


class _Never(DayBook):
    def weekday(self, day: date) -> int | None:
        return None


def test_since_when_one_is_owed() -> None:
    assert owed(plan(), at("2026-11-01T02:00"), at("2026-11-02T01:00")) is None
    assert owed(plan(), at("2026-11-01T02:00"), at("2026-11-05T01:00")) == at(MONDAY)
    night = plan("0 20 * * *", "", window="22:00-04:00")
    assert owed(night, at("2026-11-01T20:00"), at("2026-11-02T21:00")) is None
    assert owed(night, at("2026-11-01T20:00"), at("2026-11-02T23:00")) == at("2026-11-02T22:00")


@pytest.mark.parametrize(
    ("zone", "full", "start", "moments"),
    [
        # 02:30 does not exist on 29 March: it is run as soon as the clock has leapt
        (BERLIN, "30 2 * * *", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:30"]),
        # 02:30 comes twice on 25 October: one run
        (BERLIN, "30 2 * * *", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        (SHANGHAI, "30 2 * * *", "2026-10-24T12:00", ["2026-10-24T18:30", "2026-10-25T18:30"]),
        (LORD_HOWE, "15 2 * * *", "2026-10-03T00:00", ["2026-10-03T15:30", "2026-10-04T15:15"]),
    ],
)
def test_clocks_that_are_set(zone: ZoneInfo, full: str, start: str, moments: list[str]) -> None:
    runs = upcoming(plan(full, "", zone), at(start), 2)
    assert [run.tick for run in runs] == list(map(at, moments))


def test_a_window_whose_beginning_the_clock_leaps_over_opens_behind_it() -> None:
    leapt = plan("0 20 * * *", "", BERLIN, window="02:15-05:00")
    assert upcoming(leapt, at("2026-03-28T12:00"), 1)[0].begins == at("2026-03-29T01:00")


def test_twenty_with_their_levels() -> None:
    runs = upcoming(plan_of(Policy(of="db", stores=["vault"]), SHANGHAI), at("2026-11-01T00:00"))
    assert len(runs) == 20
    assert [run.level for run in runs[:8]] == ["incremental"] * 6 + ["full", "incremental"]
    finance = upcoming(plan_of(Policy(of="db", stores=["vault"], data="finance"), SHANGHAI), at("2026-11-01T00:00"))
    assert {run.level for run in finance} == {"full"}


def test_one_line_for_proofs() -> None:
    monthly = "0 5 1 * *"
    utc = ZoneInfo("UTC")
    assert missed(monthly, utc, at("2026-08-02T00:00"), at("2026-11-20T00:00")) == at("2026-11-01T05:00")
    assert missed(monthly, utc, at("2026-11-01T05:00"), at("2026-11-20T00:00")) is None
    assert missed("", utc, at("2026-08-02T00:00"), at("2026-11-20T00:00")) is None
    assert coming(monthly, utc, at("2026-11-01T05:00")) == at("2026-12-01T05:00")


CRONS = st.sampled_from(["", "*/7 * * * *", "30 2 * * *", "0 2 * * 0", "15 1,2,3 * * *", "0 0 1 * *", "59 23 * * 1-5"])
ZONES = st.sampled_from([BERLIN, SHANGHAI, LORD_HOWE, ZoneInfo("UTC"), ZoneInfo("America/New_York")])
WINDOWS = st.sampled_from([ALWAYS, parse_hours("22:00-04:00"), parse_hours("Sat 10:00-12:00, Mon-Fri 02:15-02:45")])
MOMENTS = st.integers(1_767_225_600, 1_830_297_600).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(CRONS, CRONS, ZONES, WINDOWS, MOMENTS)
def test_the_preview_is_what_happens(
    full: str, incremental: str, zone: ZoneInfo, window: Hours, start: datetime
) -> None:
    one = Plan(full, incremental, zone, window)
    after = start
    for run in upcoming(one, start, 4):
        assert run.begins >= run.tick > after or run.begins >= after
        assert due(one, after, run.begins) == run
        just_before = run.begins - timedelta(seconds=1)
        assert due(one, after, just_before) is None
        after = run.tick


@given(CRONS, CRONS, ZONES, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_whoever_was_away_has_one_run_to_make_up(
    full: str, incremental: str, zone: ZoneInfo, start: datetime, away: timedelta
) -> None:
    one = Plan(full, incremental, zone)
    found = due(one, start, start + away)
    assert (found is None) is (owed(one, start, start + away) is None)
    if found is not None:
        assert start < found.tick <= start + away
        assert due(one, found.tick, start + away) is None
