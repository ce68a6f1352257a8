"""Checks of Mainstay's own that warn of what people owe: articles and plans to look through, drills, fresh supplies."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from mainstay.catalogue.queries import own_spec
from mainstay.domain import state_machine
from mainstay.domain.reading import Reading
from mainstay.domain.state import Impact
from mainstay.domain.state_machine import Memory, Rule
from mainstay.domain.threshold import parse_condition
from mainstay.knowledge import queries
from mainstay.line import Outcome, absorb
from mainstay.monitoring.actions import own_check
from mainstay.monitoring.models import Standing
from mainstay.plans import queries as plans


class Owed(NamedTuple):
    """What is owed, under which check, and how much of it at a moment."""

    check: str
    title: dict[str, str]
    count: Callable[[datetime], int]


CHECK = "article-review"
OWED = (
    Owed(
        CHECK, {"en": "Articles are looked through in time", "zh": "知识文章按期复审", "zh-hant": "知識文章按期複審"},
        lambda now: queries.due(now.date()).count(),
    ),
    Owed(
        "plan-review",
        {"en": "Emergency plans are looked through in time", "zh": "应急预案按期评审", "zh-hant": "應急預案按期評審"},
        lambda now: plans.to_review(now.date()).count(),
    ),
    Owed(
        "plan-supplies",
        {"en": "Emergency supplies are good", "zh": "应急物资均在有效期内", "zh-hant": "應急物資均在有效期內"},
        lambda now: len(plans.with_stale_supplies(now.date())),
    ),
    Owed(
        "drill-due", {"en": "Drills are held in time", "zh": "应急演练按期开展", "zh-hant": "應急演練按期開展"},
        plans.overdue,
    ),
)  # fmt: skip
_RULE = Rule(primary="due", warn=(parse_condition("> 0"),), failures=1, flapping=False)


def judge() -> None:
    """Hand the line how much is due. As long as none ever was there is nothing to say."""
    now = datetime.now(UTC)
    stood = Standing.objects.filter(check_of__system__name="mainstay").select_related("check_of")
    known = {one.check_of.name: one for one in stood}
    for owed in OWED:
        _judge(owed, known.get(owed.check), now)


def _judge(owed: Owed, standing: Standing | None, now: datetime) -> None:
    due = owed.count(now)
    if not due and (standing is None or standing.state == "ok"):
        return
    spec = replace(own_spec(own_check(owed.check, owed.title, Impact.RISK)), rule=_RULE)
    memory = state_machine.from_plain(standing.memory) if standing is not None else Memory()
    reading, at = Reading(values={"due": float(due)}), now.timestamp()
    absorb([Outcome(spec, at, reading, state_machine.judge(memory, reading, _RULE, at))], now)
