"""How a system's checks fill its sheet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mainstay.domain.document import Inspection, InspectionPart
from mainstay.domain.inspection import NOT_WATCHED, Line, Seen, fill, plan, worst

BARE = Inspection()
NOW = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
ZONE = ZoneInfo("UTC")
TEMPLATE = InspectionPart.model_validate({
    "sections": {
        "hardware": {"title": "Hardware", "nothing": "Not watched."},
        "data": {"title": {"en": "Data", "zh": "数据"}, "nothing": "No rule."},
        "other": {},
    },
    "items": {
        "cpu": {"section": "hardware", "checks": {"kind": "host"}, "metric": "cpu"},
        "memory": {"section": "hardware", "checks": {"kind": "host"}, "metric": "memory"},
        "swap": {"section": "hardware", "checks": {"kind": "host"}, "metric": "swap", "optional": True},
        "rule": {"section": "data", "checks": {"kind": "integrity"}, "optional": True},
        "else": {"section": "other", "checks": {}, "optional": True},
    },
})  # fmt: skip
HOST = {"cpu": (12.0, "%"), "memory": (40.0, "%"), "swap": (70.0, "%")}


def seen(number: int, name: str, kind: str = "host", state: str = "ok", **more: Any) -> Seen:
    found = Seen(number, name, kind, "system", {}, 30.0, state, component="host", looked_at=NOW - timedelta(seconds=9))
    return replace(found, **more)


def lines(*checks: Seen, pack: InspectionPart | None = None, own: Inspection = BARE) -> list[Line]:
    return fill(plan([TEMPLATE, *([pack] if pack else [])], own), checks, NOW, ZONE)


def shown(*checks: Seen, pack: InspectionPart | None = None, own: Inspection = BARE) -> list[tuple[str, str, str]]:
    return [
        (line.item, line.check.name if line.check else "", line.state) for line in lines(*checks, pack=pack, own=own)
    ]


def test_nothing_watched_leaves_the_sections_to_say_so() -> None:
    found = plan([TEMPLATE], Inspection())
    assert lines() == []
    assert [(one.name, dict(one.nothing)) for one in found.sections] == [
        ("hardware", {"en": "Not watched."}), ("data", {"en": "No rule."}), ("other", {}),
    ]  # fmt: skip


def test_a_metric_is_told_by_the_check_that_judges_it_once() -> None:
    checks = [seen(n, name, values=HOST, warn=warn) for n, (name, warn) in enumerate([
        ("disk", ["disk > 80%"]), ("processor", ["cpu > 80% for 5m"]), ("ram", ["memory > 90%", "swap > 60%"]),
    ])]  # fmt: skip
    found = lines(*checks)
    assert [(one.item, one.check.name if one.check else "", one.value) for one in found] == [
        ("cpu", "processor", 12.0), ("memory", "ram", 40.0), ("swap", "ram", 70.0), ("else", "disk", None),
    ]  # fmt: skip
    assert found[0].warn == ["cpu > 80% for 5m"]


def test_a_metric_that_nobody_judges_is_shown_once_a_component_without_a_limit() -> None:
    checks = [seen(1, "a", values=HOST), seen(2, "b", values=HOST), seen(3, "c", values=HOST, component="other")]
    found = [(one.check.name, one.warn) for one in lines(*checks) if one.item == "cpu" and one.check]
    assert found == [("a", []), ("c", [])]


def test_an_item_without_a_check_says_so_when_its_section_has_others() -> None:
    assert shown(seen(1, "p", values={"cpu": (1.0, "%")})) == [("cpu", "p", "ok"), ("memory", "", NOT_WATCHED)]


def test_a_line_is_not_wrong_for_what_another_line_shows() -> None:
    ram = seen(
        1, "ram", state="warning", values=HOST, warn=["memory > 90%", "swap > 60%"],
        message={"metric": "swap", "value": 70.0, "condition": "swap > 60%"},
    )  # fmt: skip
    assert [one for one in shown(ram) if one[1]][-2:] == [("memory", "ram", "ok"), ("swap", "ram", "warning")]
    both = replace(ram, values={**HOST, "memory": (95.0, "%")})
    assert ("memory", "ram", "warning") in shown(both)
    fault = replace(ram, state="critical", message={"fault": "timeout"})
    assert ("memory", "ram", "critical") in shown(fault), "a fault concerns every metric"


@pytest.mark.parametrize(
    ("looked", "every", "lately"),
    [
        (timedelta(seconds=5), 30, True),
        (timedelta(hours=8, minutes=29), 30, True),  # today
        (timedelta(hours=8, minutes=31), 30, False),  # yesterday, and it should look twice a minute
        (timedelta(days=3), 7 * 86400, True),  # once a week
        (timedelta(days=11), 7 * 86400, False),
        (None, 30, False),
    ],
)
def test_what_was_not_seen_is_unknown_never_green(looked: timedelta | None, every: float, lately: bool) -> None:
    check = seen(1, "rule", "integrity", every=every, looked_at=NOW - looked if looked else None)
    [line] = lines(check)
    assert (line.state, line.unseen) == (("ok", False) if lately else ("unknown", True))


def test_no_check_is_left_out_or_doubled() -> None:
    checks = [seen(n, f"c{n}", kind) for n, kind in enumerate(["integrity", "tls", "http", "integrity"])]
    assert shown(*checks) == [
        ("rule", "c0", "ok"), ("rule", "c3", "ok"), ("else", "c1", "ok"), ("else", "c2", "ok"),
    ]  # fmt: skip


def test_the_nearer_item_takes_the_check() -> None:
    pack = InspectionPart.model_validate({
        "items": {"ledger": {"section": "data", "checks": {"pack": "erp", "name": "*.ledger-*"}}}
    })  # fmt: skip
    own = Inspection.model_validate({
        "sections": {"stock": {"title": "Stock"}}, "order": ["stock", "other"],
        "items": {"stock": {"section": "stock", "checks": {"name": ["erp.stock-?"]}}, "else": {"hide": True}},
    })  # fmt: skip
    checks = [seen(n, name, "integrity", pack="erp") for n, name in enumerate(["erp.ledger-1", "erp.stock-1", "x"])]
    assert shown(*checks, pack=pack, own=own) == [
        ("stock", "erp.stock-1", "ok"), ("rule", "x", "ok"), ("ledger", "erp.ledger-1", "ok"),
    ]  # fmt: skip


def test_items_can_be_reordered_renamed_and_hidden() -> None:
    own = Inspection.model_validate({
        "sections": {"hardware": {"order": ["memory", "swap"]}, "other": {"hide": True}},
        "items": {"swap": {"hide": True}, "cpu": {"title": "Load"}},
    })  # fmt: skip
    found = plan([TEMPLATE], own)
    assert [(one.name, dict(one.title)) for one in found.items] == [
        ("memory", {"en": "memory"}), ("cpu", {"en": "Load"}), ("rule", {"en": "rule"}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], "unknown"),
        ([NOT_WATCHED], "unknown"),
        (["ok", NOT_WATCHED], "ok"),
        (["ok", "unknown"], "unknown"),
        (["warning", "unknown"], "warning"),
        (["warning", "critical"], "critical"),
    ],
)
def test_the_worst_line_is_the_sheets_state(states: list[str], expected: str) -> None:
    assert worst(states) == expected
