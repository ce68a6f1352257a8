"""Who is on call when: turns on wall clocks, hours, holidays, who stands in, and where nobody is."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstay.domain.calendar import DayBook
from mainstay.domain.on_call import Layer as Written
from mainstay.domain.on_call import Rotation
from mainstay.domain.rota import Layer, Override, gaps, instant, layers_of, on_at, shifts

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"
MONDAY = "2026-11-30"


def layers(*written: dict[str, object], zone: str = SHANGHAI, book: DayBook | None = None) -> tuple[Layer, ...]:
    rotation = Rotation(timezone=zone, layers=[Written.model_validate(one) for one in written])
    return layers_of(rotation, book or DayBook())


def at(text: str, zone: str = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


WEEKLY = {"people": ["alice", "bob", "carol"], "start": MONDAY}


@pytest.mark.parametrize(
    ("moment", "person", "why"),
    [
        ("2026-11-30 08:59", None, "it has not begun"),
        ("2026-11-30 09:00", "alice", "the first of them begins"),
        ("2026-12-07 08:59", "alice", "until the hand-over"),
        ("2026-12-07 09:00", "bob", "the next week"),
        ("2026-12-14 09:00", "carol", "and the next"),
        ("2026-12-21 09:00", "alice", "and round again"),
    ],
)
def test_weekly_turns(moment: str, person: str | None, why: str) -> None:
    assert on_at(layers(WEEKLY), [], at(moment)).person == person, why


def test_daily_turns_and_the_first_layer_that_holds_decides() -> None:
    day = {"people": ["alice", "bob"], "start": MONDAY, "turn": "1d", "during": "Mon-Fri 09:00-18:00"}
    rest = {"people": ["zoe"], "start": MONDAY, "during": "Sat 00:00-24:00"}
    found = layers(day, rest)
    assert on_at(found, [], at("2026-12-01 10:00")).person == "bob"
    assert on_at(found, [], at("2026-12-05 10:00")).person == "zoe"
    assert on_at(found, [], at("2026-12-01 18:00")).person is None
    assert on_at(found, [], at("2026-12-05 10:00")).layer == 1


def test_following_the_sun_leaves_no_gap() -> None:
    sun = layers(
        {"people": ["lin"], "timezone": SHANGHAI, "during": "09:00-17:00"},
        {"people": ["max"], "timezone": "Europe/Berlin", "during": "10:00-18:00"},
        {"people": ["sue"], "timezone": "America/New_York", "during": "12:00-20:00"},
    )
    start = datetime(2026, 12, 1, tzinfo=UTC)
    found = shifts(sun, [], start, start + timedelta(days=2))
    assert gaps(found) == []
    assert [one.on.person for one in found][:3] == ["sue", "lin", "max"]


@pytest.mark.parametrize(
    ("holidays", "moment", "person"),
    [
        ("as-usual", "2027-01-01 10:00", "alice"), ("off", "2027-01-01 10:00", None),
        ("only", "2027-01-01 10:00", "alice"), ("only", "2027-01-04 10:00", None), ("off", "2027-01-04 10:00", "alice"),
    ],
)  # fmt: skip
def test_holidays(holidays: str, moment: str, person: str | None) -> None:
    book = DayBook(frozenset({date(2027, 1, 1)}))
    found = layers({"people": ["alice"], "start": MONDAY, "holidays": holidays}, book=book)
    assert on_at(found, [], at(moment)).person == person


@pytest.mark.parametrize(
    ("zone", "handover", "day", "utc", "why"),
    [
        (BERLIN, "09:00", "2027-03-27", "2027-03-27T08:00", "the day before the clocks are set"),
        (BERLIN, "09:00", "2027-03-28", "2027-03-28T07:00", "09:00 stays 09:00 in summer"),
        (BERLIN, "02:30", "2027-03-28", "2027-03-28T01:30", "a time that the day has not is as much later"),
        (BERLIN, "02:30", "2027-10-31", "2027-10-31T00:30", "of a time that it has twice the first counts"),
    ],
)
def test_hand_overs_on_days_when_the_clocks_are_set(zone: str, handover: str, day: str, utc: str, why: str) -> None:
    found = layers({"people": ["alice", "bob"], "start": "2027-03-22", "turn": "1d", "handover": handover}, zone=zone)
    moment = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    before, after = on_at(found, [], moment - timedelta(seconds=1)).person, on_at(found, [], moment).person
    assert before != after, why
    assert instant(date.fromisoformat(day), found[0].handover, ZoneInfo(zone)) == moment
    assert on_at(found, [], moment + timedelta(hours=1, minutes=15)).person == after, "nobody is handed it twice"


def test_who_stands_in_wins_and_the_newer_of_two() -> None:
    found = layers(WEEKLY)
    first = Override(1, "dora", at("2026-12-01 00:00"), at("2026-12-03 00:00"))
    second = Override(2, "emil", at("2026-12-02 00:00"), at("2026-12-04 00:00"))
    shown = shifts(found, [first, second], at("2026-11-30 09:00"), at("2026-12-05 09:00"))
    assert [one.on.person for one in shown] == ["alice", "dora", "emil", "alice"]
    assert shown[2].on.override == 2


def test_gaps_are_listed() -> None:
    found = layers({"people": ["alice"], "start": MONDAY, "during": "Mon-Fri 09:00-18:00"})
    shown = gaps(shifts(found, [], at("2026-12-04 09:00"), at("2026-12-07 09:30")))
    assert [(one.start, one.end) for one in shown] == [(at("2026-12-04 18:00"), at("2026-12-07 09:00"))]


moments = st.integers(0, 725 * 1440).map(lambda one: datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=one))
clocks = st.tuples(st.integers(0, 23), st.sampled_from((0, 15, 30))).map(lambda one: f"{one[0]:02}:{one[1]:02}")
spans = st.one_of(st.just(""), st.tuples(clocks, clocks).filter(lambda one: one[0] != one[1]).map("-".join))
written = st.builds(
    lambda people, turn, handover, zone, during, holidays: {
        "people": people, "turn": f"{turn}d", "handover": handover, "timezone": zone, "during": during,
        "holidays": holidays,
    },
    st.lists(st.sampled_from(["alice", "bob", "carol"]), min_size=1, max_size=3), st.integers(1, 14), clocks,
    st.sampled_from([SHANGHAI, BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC"]), spans,
    st.sampled_from(["as-usual", "off", "only"]),
)  # fmt: skip
overrides = st.lists(
    st.builds(
        lambda number, start, hours: Override(number, f"stand-in-{number}", start, start + timedelta(hours=hours)),
        st.integers(1, 9), moments, st.integers(1, 400),
    ), max_size=3, unique_by=lambda one: one.number,
)  # fmt: skip
BOOK = DayBook(frozenset({date(2026, 10, 1), date(2027, 1, 1)}), frozenset({date(2026, 10, 10)}))


@settings(max_examples=150)
@given(st.lists(written, min_size=1, max_size=3), overrides, moments, st.integers(1, 20), st.data())
def test_shifts_say_the_same_as_every_single_moment(
    layer: list[dict[str, object]], standing_in: list[Override], start: datetime, days: int, data: st.DataObject
) -> None:
    found, end = layers(*layer, book=BOOK), start + timedelta(days=days)
    shown = shifts(found, standing_in, start, end)
    assert (shown[0].start, shown[-1].end) == (start, end)
    assert all(one.end == other.start for one, other in pairwise(shown)), "no hole, no overlap"
    for _ in range(20):
        moment = start + timedelta(seconds=data.draw(st.integers(0, days * 86_400 - 1)))
        (one,) = [shift for shift in shown if shift.start <= moment < shift.end]
        assert one.on == on_at(found, standing_in, moment)


@settings(max_examples=150)
@given(written, moments)
def test_a_layer_has_exactly_one_person_and_its_turns_go_up(layer: dict[str, object], moment: datetime) -> None:
    (one,) = layers(layer)
    turn, later = one.turn(moment), one.turn(moment + timedelta(days=one.days))
    assert one.person(moment) in one.people
    assert turn <= later <= turn + 2
