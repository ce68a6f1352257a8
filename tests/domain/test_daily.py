"""Once a day, on the system's own clocks."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from mainstay.domain.daily import parse_daily, turn


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "now", "day"),
    [
        ("30 8 * * *", "UTC", "2026-11-26 08:29", None),
        ("30 8 * * *", "UTC", "2026-11-26 08:30", date(2026, 11, 26)),
        ("30 8 * * *", "UTC", "2026-11-26 23:59", date(2026, 11, 26)),
        ("30 8 * * *", "UTC", "2026-11-27 00:01", None),  # yesterday's is over
        ("30 8 * * *", "Asia/Shanghai", "2026-11-26 00:30", date(2026, 11, 26)),
        ("30 8 * * *", "Asia/Shanghai", "2026-11-26 16:01", None),  # already the 27th there
        ("30 8 * * 1-5", "UTC", "2026-11-28 12:00", None),  # Saturday
        ("0 9 1 * *", "UTC", "2026-12-01 09:00", date(2026, 12, 1)),
        ("30 2 * * *", "Europe/Brussels", "2026-03-29 01:00", date(2026, 3, 29)),  # the hour that is left out
        ("0 0 29 2 *", "UTC", "2026-02-28 12:00", None),
        ("0 0 * * *", "UTC", "2026-11-26 00:00", date(2026, 11, 26)),
    ],
)
def test_which_day_is_due(cron: str, zone: str, now: str, day: date | None) -> None:
    found = turn(cron, ZoneInfo(zone), at(now))
    assert (found.day if found else None) == day


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("8:30", "is not cron"),
        ("0 0 30 2 *", "is not cron"),
        ("*/5 8 * * *", "more than once a day"),
        ("0 8,20 * * *", "more than once a day"),
    ],
)
def test_what_is_no_daily_time(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_daily(text)
