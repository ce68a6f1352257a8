"""A run in which somebody is needed, and a remedy that did not help: what a bad day has of both."""

LONG = "consolidated-intercompany-settlement-and-clearing-of-wholesale"
RUNBOOK = "release-the-orders-of-the-subsidiaries-that-wait-too-long"
TITLE = "{en: Release the orders of the subsidiaries that wait too long, zh: 释放等待确认时间过长的子公司订单}"
BOOK = f"""runbook: {RUNBOOK}
title: {TITLE}
inputs: {{reference: {{title: {TITLE}}}}}
steps:
  consolidated-intercompany-settlement: {{kind: shell, command: [a], title: {TITLE}}}
  orders-of-the-subsidiaries: {{kind: sql, query: "update orders set state = 'paid'", title: {TITLE}}}
  look-at-the-warehouse: {{kind: manual, words: {TITLE}, evidence: true}}
  after: {{kind: wait, for: 1d}}
"""
RUNS = f"""
import django; django.setup()
from datetime import UTC, datetime, timedelta
from mainstay.domain.actor import ENGINE, Actor, Role
from mainstay.runbooks import actions
from mainstay.runbooks.models import Answer, Proof, Step
now = datetime.now(UTC)
actions.write({BOOK!r}, actor=ENGINE)
row = actions.run("{RUNBOOK}", {{"reference": "REFERENCE-" + "0" * 90}}, actor=Actor("person:maria", Role.OPERATOR))
def step(path, state, **more):
    return Step.objects.create(run=row, path=path, state=state, key="k", began_at=now, **more)
step("consolidated-intercompany-settlement", "doubtful", text="x" * 400 + " and then nothing", note="x" * 300)
columns = ["number", "customer_reference_of_the_subsidiary", "total", "last_user"]
shown = {{"columns": columns, "rows": [["SUBSIDIARY-2026-ORDER-00000001", "R" * 40, 1.5, "maria"]] * 3, "more": True,
          "statement": "update orders set state = 'paid' where customer_reference_of_the_subsidiary = :reference",
          "params": {{"reference": "R" * 90}}}}
step("orders-of-the-subsidiaries", "asking", due=now + timedelta(days=1), asked={{
    "others": True, "role": "approver", "quorum": 2, "seal": "s", "shown": shown, "words": ""}})
question = {{"kind": "choice", "choices": ["C" * 60], "title": "T" * 60, "required": True}}
said = Answer.objects.create(step=step("look-at-the-warehouse", "asking", asked={{
    "role": "operator", "quorum": 1, "evidence": True, "words": {{"en": "Look at the lamp " * 9}},
    "questions": {{"size": question}}}}), by="person:maria", at=now, yes=True, note="n" * 200)
Proof.objects.create(answer=said, name="photo-" + "p" * 100 + ".png", kind="image/png", size=1, sha256="", data=b"x")
"""
"""A run in which somebody is needed three times."""
REMEDY = "restart-the-application-servers-of-all-the-subsidiaries"
MENDED = f"""
import django; django.setup()
from datetime import UTC, datetime
from mainstay.domain.actor import Actor, Role
from mainstay.incidents.models import Incident
from mainstay.remedies import actions
from mainstay.remedies.actions.beginning import acting, note
from mainstay.remedies.models import Attempt
from mainstay.runbooks import actions as runbooks
from mainstay.catalogue.models import Check
ann, now = Actor("person:ann", Role.ADMINISTRATOR), datetime.now(UTC)
runbooks.keep_shipped()
actions.allow("{LONG}", "{REMEDY}", days=30, reason="r" * 200, actor=ann)
allowed = actions.allow("{LONG}", "{REMEDY}", days=365, reason="Agreed with the subsidiaries " + "x" * 200, actor=ann)
incident, check = Incident.objects.filter(root__isnull=False).latest("pk"), Check.objects.get(name="answers")
who = acting("person:ann", "{LONG}")
run = runbooks.run("restart-by-command", {{"service": "s" * 90}}, target=str(check.component), incident=incident, actor=who,
                   why="remedy")
row = Attempt.objects.create(
    system=check.system, remedy="{REMEDY}", allowance=allowed, incident=incident, since=incident.since, number=1,
    check_of=check, run=run, document={{}}, begun_at=now, ended_at=now, outcome="failed", because="slow")
note(row, incident, "remedy-begun", who.name, now)
note(row, incident, "remedy-failed", "engine", now, failed="slow")
"""  # noqa: E501
"""A remedy that did not help."""
