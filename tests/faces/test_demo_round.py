"""What counts as right when the demo goes through its faults; ``make demo DEMO=--once`` goes through them."""

import re
from dataclasses import replace

import pytest
import yaml

from mainstay.cli.demo import CHECKOUT
from mainstay.cli.demo_recovery import WAYS
from mainstay.cli.demo_round import Result, allowed, names

RIGHT = Result("sale-stuck", "business 2", allowed=25.0, detected=7.3, found="business 2", by="meridian/app.sale-stuck",
               known=True, delivered=True, way="runbook x", worked=True, acknowledged=8.0, recovered=14.4,
               clocks={"respond": "met", "resolve": "met"}, reviewed="closed, down 9s")  # fmt: skip


def test_all_of_it_must_be_right() -> None:
    assert RIGHT.right


@pytest.mark.parametrize(
    "change",
    [
        {"detected": None}, {"detected": 25.1}, {"found": "business 1"}, {"found": "data 2"}, {"known": False},
        {"delivered": False}, {"recovered": None}, {"worked": False}, {"acknowledged": None}, {"clocks": {}},
        {"clocks": {"respond": "met", "resolve": "late"}}, {"false_alarms": ["disk complained"]}, {"allowed": 0.0},
        {"reviewed": ""}, {"reviewed": "open"},
    ],
    ids=str,
)  # fmt: skip
def test_one_thing_amiss_is_enough(change: dict[str, object]) -> None:
    assert not replace(RIGHT, **change).right  # type: ignore[arg-type]


def test_two_intervals_the_time_of_one_look_and_what_the_condition_asks_for() -> None:
    assert allowed({"every": 5.0, "timeout": 10.0, "hold": 15.0}) == 35.0


@pytest.mark.parametrize(
    ("check", "named"), [("app.sale-stuck", True), ("database.waits", True), ("database", False), ("disk", False)]
)
def test_a_fault_names_the_checks_that_complain(check: str, named: bool) -> None:
    assert names({"trips": ["app.sale-stuck"], "also": ["database.*"]}, check) is named


def test_every_fault_has_its_way_out_and_every_remedy_of_the_demo_is_for_one() -> None:
    estate = yaml.safe_load((CHECKOUT / "estate" / "catalogue" / "meridian.yaml").read_text(encoding="utf-8"))
    text = (CHECKOUT / "estate" / "README.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `([a-z-]+)` \| (?:system|data|business) \|", text, re.MULTILINE)
    assert sorted(WAYS) == sorted(table)
    assert {way.remedy for way in WAYS.values() if way.remedy} == set(estate["remedies"])
    own = {path.stem for path in (CHECKOUT / "estate" / "runbooks").glob("*.yaml")}
    assert {way.runbook for way in WAYS.values() if way.runbook} <= own
