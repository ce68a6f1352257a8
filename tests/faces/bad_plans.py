"""Plans and drills with long names, for the bad day."""

PLAN = "database-of-the-subsidiaries-dies-in-the-middle-of-the-night"


def planned(system: str, runbook: str) -> str:
    """What makes a plan whose supplies have expired, a drill that is over and one that goes on."""
    return f"""
import django; django.setup()
from datetime import UTC, datetime, timedelta
from mainstay.domain.actor import Actor, Role
from mainstay.plans import actions
from mainstay.plans.models import Plan
from mainstay.reviews.actions import act_on_drill
now, ann = datetime.now(UTC), Actor("person:ann", Role.ADMINISTRATOR)
maria, words = "maria.magdalena.von-der-buchhaltung", "Nobody of the subsidiaries can confirm an order " * 4 + "x" * 120
title = {{"en": "The database of all the subsidiaries dies in the middle of the night", "zh": "各子公司合并账簿数据库夜间宕机应急处置与业务恢复预案"}}
rows = [{{"title": words, "who": maria, "within": "10m", "runbook": "{runbook}"}}, {{"title": title, "phase": "recovery"}}]
supplies = [{{"title": title, "amount": "2", "place": "Cabinet 3 in the basement of the head office", "expires": "2020-01-31"}}]
people = [{{"title": "Hosting of the second data centre", "name": maria, "phone": "+86 21 5555 0100", "mail": maria + "@subsidiaries.example.com"}}]
document = dict(plan="{PLAN}", system="{system}", title=title, risk=words, detection=words, rto="1h", rpo="15m", steps=rows,
    roles=[dict(title="Leader of the response team", who=maria, deputy="ann")], contacts=people, supplies=supplies,
    templates=[dict(audience="All customers of the subsidiaries", text=words)], runbooks=["{runbook}"],
    injection=dict(text=words, undo="Start it again"))
actions.write(document, actor=ann)
actions.approve("{PLAN}", actor=ann)
Plan.objects.update(approved_at=now - timedelta(days=100), review_at="2020-01-31")
actions.write(document, name="{PLAN}", actor=ann, remark="r" * 200)
for kind in ("table", "live"):
    drill = actions.plan_drill("{PLAN}", kind, now, goal=words, actor=ann)
    actions.start(drill.pk, actor=ann)
    if kind == "live":
        actions.inject(drill.pk, text=words, actor=ann)
    actions.step(drill.pk, 1, actor=ann)
    actions.note(drill.pk, words, wrong=True, actor=ann)
    actions.attend(drill.pk, maria, role="administrator of the databases of all the subsidiaries", hours=2, actor=ann)
    act_on_drill(drill.pk, words[:300], owner=maria, due=(now + timedelta(days=9)).date(), actor=ann)
    if kind == "table":
        actions.end(drill.pk, loss=90, text=words, actor=ann)
"""  # noqa: E501
