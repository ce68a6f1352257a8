"""Availability by day and the error budget, as tables."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mainstay.domain.objective import Budget, Uptime, budget, days, uptime
from mainstay.domain.state import State

T0 = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hour: float) -> datetime:
    return T0 + hour * HOUR


@pytest.mark.parametrize(
    ("bands", "known", "down", "why"),
    [
        ([], 0, 0, "nothing was looked at"),
        ([(0, 10, State.OK)], 10, 0, "up all the time"),
        ([(0, 8, State.OK), (8, 10, State.CRITICAL)], 10, 2, "down at the end"),
        ([(0, 5, State.UNKNOWN), (5, 10, State.OK)], 5, 0, "not seeing is neither up nor down"),
        ([(0, 10, State.WARNING)], 10, 0, "a warning is no outage"),
        ([(2, 4, State.CRITICAL), (3, 6, State.CRITICAL)], 4, 4, "two checks down at once count once"),
        ([(-5, 1, State.CRITICAL), (9, 20, State.CRITICAL)], 2, 2, "cut to the span"),
        ([(-5, 0, State.CRITICAL), (10, 20, State.CRITICAL)], 0, 0, "outside the span"),
    ],
)
def test_uptime(bands: list[tuple[float, float, State]], known: float, down: float, why: str) -> None:
    found = uptime([(at(start), at(end), state) for start, end, state in bands], at(0), at(10))
    assert (found.known / 3600, found.down / 3600) == (known, down), why


@pytest.mark.parametrize(
    ("known", "down", "objective", "expected", "used"),
    [
        (1000, 0, 99, Budget(10, 0), 0),
        (1000, 5, 99, Budget(10, 5), 0.5),
        (1000, 20, 99, Budget(10, 20), 2),
        (1000, 0, 100, Budget(0, 0), 0),
        (1000, 1, 100, Budget(0, 1), 1),
        (5, 5, 99, Budget(10, 5), 0.5),  # as new as it may be: the promise is for the whole span
    ],
)
def test_budget(known: float, down: float, objective: float, expected: Budget, used: float) -> None:
    found = budget(Uptime(known, down), objective, timedelta(seconds=1000))
    assert (found.allowed, found.used) == pytest.approx((expected.allowed, expected.used))
    assert found.used_share == pytest.approx(used)
    assert found.left == pytest.approx(expected.allowed - expected.used)


def test_a_day_is_as_long_as_the_clocks_of_its_zone_say() -> None:
    zone = ZoneInfo("Europe/Brussels")
    last = datetime(2026, 3, 30, 12, tzinfo=zone)
    whole = [(datetime(2026, 3, 1, tzinfo=UTC), last, State.OK)]
    found = dict(days(whole, last, 3, zone))
    assert [one.known / 3600 for one in found.values()] == [24, 23, 12], "the 29th lost an hour, today is not over"
    assert Uptime(0, 0).share is None
