"""What each look at a policy says, from what is on record."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mainstay.domain.backup_health import FOREVER, LOOKS, METRICS, Facts, Failure, Site, Size, days_left, look
from mainstay.domain.backup_schedule import Plan
from mainstay.domain.reading import Fault

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
NIGHTLY = Plan("0 2 * * *", "", ZoneInfo("UTC"))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEW = Facts(NIGHTLY, begun=NOW - HOUR)
TONIGHT = NOW.replace(hour=2)
MB = 1_000_000


def facts(**what: object) -> Facts:
    return Facts(NIGHTLY, **{"begun": NOW - 100 * DAY, "tick": TONIGHT, **what})  # type: ignore[arg-type]


def sizes(*all_of_them: int) -> list[Size]:
    return [Size(TONIGHT - number * DAY, size) for number, size in enumerate(all_of_them)]


@pytest.mark.parametrize("name", LOOKS)
def test_a_policy_that_is_new_is_well_and_gives_every_number(name: str) -> None:
    reading = look(name, NEW, NOW)
    assert reading.problem is None
    assert set(reading.values) <= set(METRICS)
    assert reading.values


def test_late() -> None:
    assert look("late", facts(), NOW).values["late"] == 0
    assert look("late", facts(tick=TONIGHT - DAY), NOW).values["late"] == 10 * 3600
    assert look("late", facts(tick=TONIGHT - 3 * DAY), NOW).values["late"] == 58 * 3600
    never = Facts(NIGHTLY, begun=NOW - 11 * HOUR)
    assert look("late", never, NOW).values == {"late": 10 * 3600}  # no copy, so no age
    assert look("late", facts(copies=sizes(1)), NOW).values["age"] == 10 * 3600


def test_failed() -> None:
    once = look("failed", facts(failures=[Failure("backup", 1, "no-space: 2 GB needed")]), NOW)
    assert once.problem is not None
    assert once.problem.warning
    assert "no-space: 2 GB needed" in once.problem.detail
    twice = look("failed", facts(failures=[Failure("prune", 1, "x"), Failure("forward", 2, "unreachable")]), NOW)
    assert twice.problem is not None
    assert not twice.problem.warning
    assert "the copy to the second site failed 2 times in a row: unreachable" in twice.problem.detail


@pytest.mark.parametrize(
    ("history", "ratio"),
    [
        ([100, 100, 100, 100], 100),
        ([10, 100, 100, 100], 10),
        ([500, 100, 120, 90], 500),
        ([10, 100, 100], 100),  # two are no history
        ([50, 100, 100, 1, 100, 100], 50),  # the middle, not the mean
    ],
)
def test_size(history: list[int], ratio: float) -> None:
    assert look("size", facts(copies=sizes(*(size * MB for size in history))), NOW).values["size_ratio"] == ratio


def test_a_copy_of_nothing_needs_no_history() -> None:
    reading = look("size", facts(copies=sizes(0)), NOW)
    assert reading.problem is not None
    assert reading.problem.fault is Fault.CONTENT


def test_unproved() -> None:
    assert look("unproved", facts(proved_at=NOW - 3 * DAY), NOW).values["unproved"] == 3 * 86400
    assert look("unproved", facts(), NOW).values["unproved"] == 100 * 86400  # never: since it came to be
    refuted = look("unproved", facts(proved_at=NOW - 3 * DAY, refuted="rows: ledger"), NOW)
    assert refuted.problem is not None
    assert not refuted.problem.warning


def test_second_site() -> None:
    assert look("second-site", facts(owed_since=NOW - 5 * HOUR), NOW).values["behind"] == 5 * 3600


def test_repository() -> None:
    whole = Site("vault", NOW - 2 * DAY, NOW - 90 * DAY)
    other = Site("far", None, NOW - 9 * DAY)
    assert look("repository", facts(sites=[whole]), NOW).values["unchecked"] == 2 * 86400
    assert (
        look("repository", facts(sites=[whole, other]), NOW).values["unchecked"] == 9 * 86400
    )  # never: since it was made
    broken = look("repository", facts(sites=[whole, Site("far", NOW, NOW, damage="pack 3fa1 is missing")]), NOW)
    assert broken.problem is not None
    assert broken.problem.fault is Fault.DAMAGED
    assert broken.problem.detail == "far: pack 3fa1 is missing"


def test_space() -> None:
    growth = [(NOW - number * DAY, 10 * MB) for number in range(10, 0, -1)]
    reading = look("space", facts(sites=[Site("vault", NOW, NOW, free=50 * MB, growth=growth),
                                         Site("far", NOW, NOW, free=900 * MB, growth=growth)]), NOW)  # fmt: skip
    assert reading.values == {"free": 50 * MB, "days_left": 5}
    assert look("space", facts(sites=[Site("s3", NOW, NOW)]), NOW).values == {"days_left": FOREVER}


@pytest.mark.parametrize(
    ("growth", "days"),
    [
        ([(10, 1000), (9, 10), (5, 10), (1, 25)], 200),  # 45 in nine days; the first full one is no growth
        ([(10, 1000), (9, 10), (5, 10), (1, -20)], FOREVER),  # as much was dropped
        ([(10, 1000), (9, 10)], FOREVER),  # too few
        ([(1.2, 1000), (1.1, 500), (1, 500)], FOREVER),  # too short a time
        ([(90, 10_000), (80, 10_000), (10, 1000), (9, 10), (5, 10), (1, 25)], 200),  # what is old does not count
    ],
)
def test_days_left(growth: list[tuple[float, int]], days: float) -> None:
    assert days_left(1000, [(NOW - age * DAY, size) for age, size in growth], NOW) == pytest.approx(days)


def test_key() -> None:
    assert look("key", facts(), NOW).values == {"key": 1}
    assert look("key", facts(key="BACKUP_KEY_SHOP__NIGHTLY cannot be read"), NOW).problem is not None
