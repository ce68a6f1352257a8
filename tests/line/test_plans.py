"""Plans: written, approved version by version, due for a review, counting on supplies that expire."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from mainstay.audit.models import Record
from mainstay.catalogue.models import Check
from mainstay.domain.actor import Actor, Denied, Role, Sight
from mainstay.engine import reviewing
from mainstay.monitoring.models import Standing
from mainstay.plans import actions, queries
from mainstay.plans.models import Drill, Plan
from tests.line.planned import CAROL, PLAN, begun, in_force
from tests.line.shop import ALICE, BOB

pytestmark = pytest.mark.django_db


def standing(name: str) -> str:
    return Standing.objects.get(check_of__system__name="mainstay", check_of__name=name).state


def test_an_operator_writes_what_an_approver_puts_in_force(shop: dict[str, Check]) -> None:
    with pytest.raises(Denied):
        actions.write(PLAN, actor=BOB)
    plan = actions.write(PLAN, actor=ALICE)
    assert queries.in_force(plan) is None
    with pytest.raises(Denied):
        actions.approve(plan.name, actor=ALICE)
    plan = actions.approve(plan.name, actor=CAROL)
    assert plan.review_at is not None
    assert plan.review_at > datetime.now(UTC).date() + timedelta(days=360)
    actions.write({**PLAN, "rto": "2h"}, name=plan.name, actor=ALICE, remark="more time", seen=1)
    plan.refresh_from_db()
    followed = queries.in_force(plan)
    assert followed is not None
    assert (plan.version, followed.number, followed.document["rto"]) == (2, 1, "1h"), "the change waits for approval"
    actions.approve(plan.name, actor=CAROL)
    plan.refresh_from_db()
    assert queries.shown(plan).document["rto"] == "2h"
    assert [one.number for one in queries.versions(plan.name)] == [2, 1]
    acts = list(Record.objects.filter(object="plan database-dies").order_by("number").values_list("act", flat=True))
    assert acts == ["plan.write", "plan.approve", "plan.write", "plan.approve"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"checks": ["db-upp"]}, "shop has no check db-upp"),
        ({"runbooks": ["no-such"]}, "no runbook no-such"),
        ({"injection": {"runbook": "no-such"}}, "no runbook no-such"),
        ({"steps": []}, "steps: "),
        ({"supplies": [{"title": "x", "expires": "soon"}]}, "supplies.0.expires"),
        ({"risk": "x" * 200_001}, "200000 characters"),
    ],
)
def test_a_plan_that_leads_nowhere_is_not_kept(shop: dict[str, Check], wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(actions.Illegal, match=said):
        actions.write({**PLAN, **wrong}, actor=ALICE)
    assert not Plan.objects.exists()


def test_nobody_overwrites_another_takes_a_name_or_changes_what_is_retired(shop: dict[str, Check]) -> None:
    plan = in_force()
    with pytest.raises(actions.Illegal, match="already"):
        actions.write(PLAN, actor=ALICE)
    with pytest.raises(actions.Illegal, match="version 1"):
        actions.write(PLAN, name=plan.name, seen=0, actor=ALICE)
    with pytest.raises(actions.Illegal, match="keeps its name"):
        actions.write({**PLAN, "plan": "fire"}, name=plan.name, actor=ALICE)
    with pytest.raises(actions.Illegal, match="ahead"):
        actions.approve(plan.name, review_at=date(2020, 1, 1), actor=CAROL)
    actions.retire(plan.name, reason="replaced", actor=CAROL)
    with pytest.raises(actions.Illegal, match="retired"):
        actions.write(PLAN, name=plan.name, actor=ALICE)


def test_what_is_on_a_foreign_system_is_not_seen(shop: dict[str, Check]) -> None:
    in_force()
    blind = Sight(rest=True, named=frozenset({"shop"}))
    assert not queries.plans(sight=blind).exists()
    assert queries.wanted(datetime.now(UTC), blind) == []
    stranger = Actor("person:zoe", Role.ADMINISTRATOR, systems={"shop": Role.NONE})
    with pytest.raises(Denied):
        actions.plan_drill("database-dies", "table", datetime.now(UTC), actor=stranger)


def test_reviews_supplies_and_drills_that_are_overdue_warn_and_are_well_again(shop: dict[str, Check]) -> None:
    reviewing.judge()
    assert not Standing.objects.filter(check_of__system__name="mainstay").exists(), "there is nothing to say"
    plan = in_force(supplies=[{"title": "Spare disk", "expires": "2020-01-01"}])
    long_ago = datetime.now(UTC) - timedelta(days=100)
    Plan.objects.update(review_at=long_ago.date(), approved_at=long_ago)
    reviewing.judge()
    names = ("plan-review", "plan-supplies", "drill-due")
    assert [standing(name) for name in names] == ["warning"] * 3
    (wanted,) = queries.wanted(datetime.now(UTC))
    assert (wanted.overdue, wanted.plan, wanted.planned) == (True, plan, None)
    actions.write({**PLAN, "supplies": []}, name=plan.name, actor=ALICE)
    actions.approve(plan.name, actor=CAROL)
    Drill.objects.create(
        plan=plan, kind="table", state="done", planned_at=long_ago, planned_by="x", ended_at=datetime.now(UTC)
    )
    reviewing.judge()
    assert [standing(name) for name in names] == ["ok"] * 3


def test_the_day_of_a_drill_is_the_systems_own(shop: dict[str, Check]) -> None:
    plan = in_force()
    plan.system.timezone = "Pacific/Auckland"
    plan.system.save()
    Plan.objects.update(approved_at=datetime(2026, 8, 31, 18, tzinfo=UTC))  # the first of September there
    (wanted,) = queries.wanted(datetime(2026, 11, 30, 22, tzinfo=UTC))  # the first of December there
    assert (wanted.due.day, wanted.overdue) == (date(2026, 12, 1), False)
    (wanted,) = queries.wanted(datetime(2026, 12, 1, 12, tzinfo=UTC))
    assert wanted.overdue


def test_a_plan_with_a_drill_that_goes_on_is_not_retired(shop: dict[str, Check]) -> None:
    drill = begun("table")
    with pytest.raises(actions.Illegal, match="goes on"):
        actions.retire(drill.plan.name, reason="x", actor=CAROL)
