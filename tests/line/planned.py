"""A shop with a plan in force against its database dying."""

from datetime import UTC, datetime
from typing import Any

from mainstay.domain.actor import Actor, Role
from mainstay.plans import actions
from mainstay.plans.models import Drill, Plan

CAROL = Actor("person:carol", Role.APPROVER)
PLAN: dict[str, Any] = {
    "plan": "database-dies", "system": "shop", "title": {"en": "The database dies", "zh": "数据库宕机"},
    "risk": {"en": "Nobody can order", "zh": "无法下单"}, "level": 1, "checks": ["db-up"], "rto": "1h", "rpo": "15m",
    "detection": "The check of the database is critical",
    "roles": [{"title": {"en": "Leader", "zh": "总指挥"}, "who": "carol", "deputy": "alice"}],
    "contacts": [{"title": "Hosting", "phone": "+86 21 5555 0100"}],
    "supplies": [{"title": "Spare disk", "amount": "2", "place": "Cabinet 3", "expires": "2099-12-31"}],
    "steps": [
        {"title": {"en": "Call the team together", "zh": "召集应急小组"}, "within": "10m"},
        {"title": "Restart the database", "who": "DBA"},
        {"title": "Check the newest orders", "phase": "recovery"},
    ],
    "templates": [{"audience": "Customers", "text": "We are back within the hour."}],
    "injection": {"text": "Stop the service postgresql", "undo": "Start it again"},
}  # fmt: skip


def in_force(**more: Any) -> Plan:
    written = actions.write({**PLAN, **more}, actor=CAROL)
    return actions.approve(written.name, actor=CAROL)


def begun(kind: str = "live", **more: Any) -> Drill:
    plan = in_force(**more)
    drill = actions.plan_drill(plan.name, kind, datetime.now(UTC), actor=CAROL)
    return actions.start(drill.pk, actor=CAROL)
