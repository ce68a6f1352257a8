"""What people have written and asked in a workspace with a past: articles, tickets, a rotation, runs of a runbook,
reviews."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mainstay.catalogue.models import System
from mainstay.domain.actor import Actor, Role
from mainstay.help_desk.actions import Report, Sent, answer, open_ticket
from mainstay.incidents.models import Incident
from mainstay.knowledge.actions import About, Text, publish, write
from mainstay.on_call import actions as on_call
from mainstay.plans import actions as plans
from mainstay.reviews import actions as reviews
from mainstay.runbooks import actions as runbooks
from mainstay.runbooks.models import Answer, Proof, Step
from tests.line.on_call import arrange, people
from tests.line.planned import PLAN

ANN = Actor("person:ann", Role.ADMINISTRATOR)
BOOK = "runbook: look-at-it\nsteps: {look: {kind: manual, words: Look at its lamp, evidence: true}}\n"
HOUR = timedelta(hours=1)


def keep(systems: Sequence[System], now: datetime) -> None:
    """An article, a ticket and a run of each of them, and who is on call."""
    runbooks.write(BOOK, actor=ANN)
    for system in systems:
        article = write(Text("en", f"{system.name} is slow", "Look at its log."), about=About(system.name), actor=ANN)
        publish(article.pk, actor=ANN, public=True)
        what = Report("question", "It is slow", "Since this morning", system.name, files=[Sent("seen.txt", b"seen")])
        answer(open_ticket(what, actor=ANN, came_by="page").pk, "We look at it.", actor=ANN)
        _run(system, now)
        _drill(system, now)
    _duty(now)
    for over in Incident.objects.filter(system__in=systems, state="resolved").order_by("-pk")[: len(systems)]:
        _review(over, now)


def _review(over: Incident, now: datetime) -> None:
    """With an action that is done and one that is not."""
    made = reviews.open_by_hand(over.pk, actor=ANN)
    for place in range(2):
        one = reviews.add_action(made.pk, "Watch it", owner="alice", due=now.date() + 99 * HOUR, actor=ANN)
        if place:
            reviews.end_action(one.pk, ending="training", proof="The shift, yesterday", actor=ANN)


def _run(system: System, now: datetime) -> None:
    """Begun, and answered with a file."""
    row = runbooks.run("look-at-it", {}, target=system.name, actor=ANN)
    step = Step.objects.create(run=row, path="look", state="done", key="look", began_at=now, ended_at=now, ended=1)
    said = Answer.objects.create(step=step, by=ANN.name, at=now, yes=True)
    Proof.objects.create(answer=said, name="lamp.txt", kind="text/plain", size=3, sha256="", data=b"lit")


def _drill(system: System, now: datetime) -> None:
    """A plan in force, and a drill of it that goes on."""
    plan = plans.write({**PLAN, "plan": f"{system.name}-dies", "system": system.name, "checks": []}, actor=ANN)
    plans.approve(plan.name, actor=ANN)
    plans.start(plans.plan_drill(plan.name, "table", now, actor=ANN).pk, actor=ANN)


def _duty(now: datetime) -> None:
    """Two take turns by weeks; one stands in, hands over and reads it in a calendar of his own."""
    people("alice", "bob")
    arrange("rotation", "week", layers=[{"people": ["alice", "bob"], "start": "2026-01-05"}])
    on_call.override("week", "bob", now - HOUR, now + HOUR, actor=ANN)
    on_call.hand_over("week", to="alice", actor=ANN)
    on_call.renew_feed("person", "alice", actor=ANN)
