"""What stays, and by which rule; what must never go, whatever is written."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.backup_policy import Keep
from mainstay.domain.retention import AHEAD, Held, Rule, retain

UTC_ZONE = ZoneInfo("UTC")
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def keep(last: int = 1, daily: int = 0, weekly: int = 0, monthly: int = 0, yearly: int = 0) -> Keep:
    return Keep(last=last, daily=daily, weekly=weekly, monthly=monthly, yearly=yearly)


def nightly(count: int, *, proved: tuple[int, ...] = ()) -> list[Held]:
    """Number 1 is of last night, 2 of the night before …"""
    night = NOW.replace(hour=2)
    return [Held(number, night - timedelta(days=number - 1), None, number in proved) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("keeps", "stays"),
    [
        (keep(last=3), [1, 2, 3]),
        (keep(daily=5), [1, 2, 3, 4, 5]),
        (keep(weekly=3), [1, 6, 13]),  # 27 November 2026 is a Friday: each Sunday is the newest of its week
        (keep(monthly=2), [1, 28]),  # 31 October
        (keep(yearly=2), [1, 332]),  # 31 December
        (keep(last=2, daily=3, weekly=2, monthly=2), [1, 2, 3, 6, 28]),
    ],
)
def test_grandfather_father_son(keeps: Keep, stays: list[int]) -> None:
    found = retain(nightly(400), keeps, UTC_ZONE, NOW)
    assert sorted(found.stays) == stays
    assert sorted(found.goes) == sorted(set(range(1, 401)) - set(stays))
    assert found.goes[0] == 400  # the oldest first


def test_the_rules_are_named() -> None:
    found = retain(nightly(10), keep(last=1, daily=2, weekly=2, monthly=1, yearly=1), UTC_ZONE, NOW)
    assert found.stays[1] == (Rule.LAST, Rule.DAILY, Rule.WEEKLY, Rule.MONTHLY, Rule.YEARLY)
    assert found.stays[2] == (Rule.DAILY,)
    assert found.stays[6] == (Rule.WEEKLY,)


def test_days_are_those_of_the_zone() -> None:
    late = datetime(2026, 11, 26, 17, tzinfo=UTC)  # the 27th in Shanghai already
    copies = [Held(1, late), Held(2, late - timedelta(hours=2))]
    assert len(retain(copies, keep(daily=2), ZoneInfo("Asia/Shanghai"), NOW).stays) == 2
    assert len(retain(copies, keep(daily=2), UTC_ZONE, NOW).stays) == 1


def test_a_machine_that_was_off_keeps_its_days() -> None:
    old = [Held(1, NOW - timedelta(days=200)), Held(2, NOW - timedelta(days=300)), Held(3, NOW - timedelta(days=320))]
    assert retain(old, keep(daily=3), UTC_ZONE, NOW).goes == ()


def test_the_newest_proved_one_stays() -> None:
    found = retain(nightly(40, proved=(20, 30)), keep(last=2), UTC_ZONE, NOW)
    assert found.stays[20] == (Rule.PROVED,)
    assert 30 in found.goes


def test_the_only_one_stays() -> None:
    alone = [Held(1, NOW - timedelta(days=900))]
    nothing = Keep.model_construct(last=0, daily=0, weekly=0, monthly=0, yearly=0)
    assert retain(alone, nothing, UTC_ZONE, NOW).stays == {1: (Rule.ONLY,)}


def test_what_a_kept_one_is_made_upon_stays_over_all_steps() -> None:
    night = NOW.replace(hour=2)
    chain = [Held(4, night, 3), Held(3, night - timedelta(days=1), 2), Held(2, night - timedelta(days=2), 1),
             Held(1, night - timedelta(days=3)), Held(9, night - timedelta(days=4))]  # fmt: skip
    found = retain(chain, keep(last=1), UTC_ZONE, NOW)
    assert found.stays == {4: (Rule.LAST,), 3: (Rule.BASE,), 2: (Rule.BASE,), 1: (Rule.BASE,)}
    assert found.goes == (9,)


def test_what_is_owed_to_the_second_site_stays_with_what_it_is_made_upon() -> None:
    night = NOW.replace(hour=2)
    copies = [Held(3, night), Held(2, night - timedelta(days=1), 1, owed=True), Held(1, night - timedelta(days=2))]
    assert retain(copies, keep(last=1), UTC_ZONE, NOW).stays == {3: (Rule.LAST,), 2: (Rule.OWED,), 1: (Rule.BASE,)}


def test_a_copy_of_the_future_stops_all_forgetting() -> None:
    copies = [*nightly(40), Held(99, datetime(2030, 1, 1, tzinfo=UTC))]
    found = retain(copies, keep(last=1), UTC_ZONE, NOW)
    assert found.goes == ()
    assert "2030-01-01 00:00" in found.refused
    assert len(found.stays) == 41
    slightly = [*nightly(40), Held(99, NOW + AHEAD)]
    assert retain(slightly, keep(last=1), UTC_ZONE, NOW).refused == ""


def test_nothing_gives_nothing() -> None:
    assert retain([], keep(), UTC_ZONE, NOW).goes == ()


def recorded(drawn: list[tuple[int, int, bool]]) -> list[Held]:
    """From the age in quarters of a day, how many copies before lies the base (0: none), and whether it was proved."""
    copies: list[Held] = []
    for number, (age, back, proved) in enumerate(sorted(drawn, reverse=True), 1):
        base = number - back if 0 < back < number else None
        copies.append(Held(number, NOW - timedelta(hours=age * 6), base, proved))
    return copies[::2] + copies[1::2]


RECORDS = st.lists(
    st.tuples(st.integers(0, 2_000), st.integers(0, 5), st.booleans()), min_size=1, max_size=40
).map(recorded)  # fmt: skip
"""Any record, in no order: several a day, unproved and proved, incremental ones upon any older one."""
KEEPS = st.builds(keep, *(st.integers(1, 5), *(st.integers(0, 6) for _ in range(4))))


@given(RECORDS, KEEPS)
def test_whatever_the_record(copies: list[Held], keeps: Keep) -> None:
    found = retain(copies, keeps, UTC_ZONE, NOW)
    numbers = {copy.number for copy in copies}
    assert set(found.stays) | set(found.goes) == numbers
    assert not set(found.stays) & set(found.goes)
    assert all(found.stays.values())
    newest = max(copies, key=lambda copy: (copy.at, copy.number))
    assert newest.number in found.stays
    if proved := [copy for copy in copies if copy.proved]:
        assert max(proved, key=lambda copy: (copy.at, copy.number)).number in found.stays
    assert all(copy.base is None or copy.base in found.stays for copy in copies if copy.number in found.stays)


@given(RECORDS, KEEPS)
def test_forgetting_twice_is_forgetting_once(copies: list[Held], keeps: Keep) -> None:
    gone = set(retain(copies, keeps, UTC_ZONE, NOW).goes)
    left = [copy for copy in copies if copy.number not in gone]
    assert retain(left, keeps, UTC_ZONE, NOW).goes == ()
