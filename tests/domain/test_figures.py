"""Figures of faults: months, what came again, time between faults, and nothing made of too little."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mainstay.domain.figures import AGAIN, Fault, Watch, in_fault, months, recurring, rows
from mainstay.domain.objective import Uptime

NOW = datetime(2027, 3, 10, 12, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def fault(system: str = "shop", start: datetime = NOW - DAY, hours: float = 1, **more: object) -> Fault:
    month = f"{start.astimezone(ZONE):%Y-%m}"
    end = start + hours * HOUR
    known = {"level": 1, "category": "data", "acknowledge": 60.0, "resolve": hours * 3600, "recurs": False}
    return Fault(system, month, start=start, end=end, **{**known, **more})  # type: ignore[arg-type]


def test_months_are_those_of_the_zone_and_the_running_one_ends_now() -> None:
    found = months(NOW, 3, ZONE)
    assert [one.name for one in found] == ["2027-01", "2027-02", "2027-03"]
    assert found[0].start == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert [one.end for one in found] == [found[1].start, found[2].start, NOW]
    assert months(NOW, 13, ZONE)[0].name == "2026-03"


@pytest.mark.parametrize(
    ("story", "again"),
    [
        ([], 0),
        ([("a", 0, 1)], 0),
        ([("a", 0, 1), ("b", 2, 3)], 0),
        ([("a", 0, 1), ("a", 5, None)], 1),
        ([("a", 5, 6), ("a", 0, 1), ("a", 90, 91)], 2),
        ([("a", 0, 1), ("a", 1 + AGAIN.days, 99)], 0),
        ([("a", 0, None), ("a", 5, 6)], 0),
    ],
)
def test_the_same_key_comes_again_within_its_time(story: list[tuple[str, int, int | None]], again: int) -> None:
    at = [(key, NOW + start * DAY, None if end is None else NOW + end * DAY) for key, start, end in story]
    assert len(recurring(at)) == again


def test_faults_of_one_system_that_overlap_are_one_stretch_and_the_rest_is_cut_off() -> None:
    faults = [
        fault(start=NOW - 3 * HOUR, hours=2), fault(start=NOW - 2 * HOUR, hours=2), fault("books", NOW - 2 * HOUR, 1),
        fault(start=NOW - 9 * HOUR, hours=7),
    ]  # fmt: skip
    assert in_fault(faults, NOW - 3 * HOUR, NOW) == 3 * 3600 + 3600


def test_rows_are_of_all_and_of_each_part_and_few_give_no_mean() -> None:
    spans = months(NOW, 2, ZONE)
    keys = [(system, span.name) for system in ("shop", "books") for span in spans]
    watch = Watch(
        dict.fromkeys(keys, 1000 * 3600.0),
        {key: Uptime(900.0, 9.0) if key == ("shop", "2027-03") else Uptime(0.0, 0.0) for key in keys},
    )
    faults = [
        fault(start=NOW - n * DAY, hours=1, recurs=n == 1) for n in range(1, 5)
    ]  # fmt: skip
    faults.append(fault("books", NOW - 20 * DAY, 2, level=3, category="system", acknowledge=None))
    found = {(row.group, row.name): row for row in rows(faults, watch, spans, ["books", "shop"])}
    assert [key for key in found if key[0] in ("all", "system", "month")] == [
        ("all", ""), ("system", "books"), ("system", "shop"), ("month", "2027-02"), ("month", "2027-03"),
    ]  # fmt: skip
    whole, shop, books = found["all", ""], found["system", "shop"], found["system", "books"]
    assert (whole.faults, whole.acknowledge.count, whole.resolve.mean, whole.recurring) == (5, 4, 1.2 * 3600, 1)
    assert whole.mtbf == (4000 - 6) * 3600 / 5
    assert (shop.mtbf, shop.recurrence, shop.availability, shop.down) == ((2000 - 4) * 3600 / 4, 0.25, 0.99, 9)
    assert (books.faults, books.mtbf, books.recurrence, books.availability) == (1, None, None, None)
    assert found["month", "2027-02"].faults == 1
    assert (found["level", "1"].faults, found["level", "1"].availability, found["level", "2"].faults) == (4, None, 0)
    assert found["category", "system"].faults == 1
