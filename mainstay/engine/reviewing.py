"""A check of Mainstay's own that warns of articles which somebody should look through again."""

from dataclasses import replace
from datetime import UTC, datetime

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

CHECK = "article-review"
_TITLE = {"en": "Articles are looked through in time", "zh": "知识文章按期复审", "zh-hant": "知識文章按期複審"}
_RULE = Rule(primary="due", warn=(parse_condition("> 0"),), failures=1, flapping=False)


def judge() -> None:
    """Hand the line how many are due. As long as none ever was there is nothing to say."""
    now = datetime.now(UTC)
    due = queries.due(now.date()).count()
    standing = Standing.objects.filter(check_of__system__name="mainstay", check_of__name=CHECK).first()
    if not due and (standing is None or standing.state == "ok"):
        return
    spec = replace(own_spec(own_check(CHECK, _TITLE, Impact.RISK)), rule=_RULE)
    memory = state_machine.from_plain(standing.memory) if standing is not None else Memory()
    reading, at = Reading(values={"due": float(due)}), now.timestamp()
    absorb([Outcome(spec, at, reading, state_machine.judge(memory, reading, _RULE, at))], now)
