"""What people say at a step: answers, ticks with their files, and whether they agree."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.domain.actor import Actor, Role, authorise, person_name
from mainstay.domain.attachment import PER_NOTE, fits, sniff, tame
from mainstay.domain.evidence import kept
from mainstay.domain.run_answers import Asked, Refused, answers, examine_approver
from mainstay.domain.run_state import StepState
from mainstay.domain.runbook import Question
from mainstay.domain.saying import say, stored
from mainstay.incidents.actions.files import File
from mainstay.runbooks.actions.notes import knock, open_run, tell
from mainstay.runbooks.models import Answer, Proof, Run, Step


def approve(number: int, path: str, *, yes: bool = True, seal: str = "", note: str = "", actor: Actor) -> Run:
    """Say yes or no, as a second person. ``seal`` names what was shown, where something was. Raises Refused,
    Run.DoesNotExist."""
    now = datetime.now(UTC)
    with transaction.atomic():
        row = open_run(number, actor, "runbook.approve")
        step = _asking(row, path, others=True)
        asked = Asked(Role[str(step.asked["role"]).upper()], int(step.asked["quorum"]), row.asked_by)
        examine_approver(asked, actor.name, _role(row, actor))
        if step.asked.get("shown") and (len(seal) < 8 or not step.asked["seal"].startswith(seal)):
            raise Refused(say("this is not what is asked for any more; read it again"))
        names = {person_name(one.by).casefold() for one in step.answers.all()}
        if person_name(actor.name).casefold() in names:
            raise Refused(say("you have said it already"))
        Answer.objects.create(step=step, by=actor.name, at=now, yes=yes, note=note.strip()[:1000])
        _after_vote(step, asked.quorum, yes=yes, now=now, by=actor.name)
        _noted(row, actor, now, "runbook.approve", path, yes=yes, note=note.strip()[:300])
    return row


def answer(
    number: int, path: str, given: Mapping[str, Any], *, note: str = "", files: Sequence[File] = (), actor: Actor
) -> Run:
    """Answer what a step asks, or tick what was done by hand. Raises Refused, Unfit, Run.DoesNotExist."""
    now = datetime.now(UTC)
    with transaction.atomic():
        row = open_run(number, actor, "runbook.answer")
        step = _asking(row, path, others=False)
        needed = Role[str(step.asked["role"]).upper()]
        if _role(row, actor) < needed:
            raise Refused(say("this needs the role %(role)s", role=needed.name.lower()))
        questions = {name: Question.model_validate(one) for name, one in step.asked.get("questions", {}).items()}
        values = answers(questions, given)
        if step.asked.get("evidence") and not files:
            raise Refused(say("add a file that shows that it was done"))
        said = Answer.objects.create(step=step, by=actor.name, at=now, yes=True, values=kept(values), note=note[:1000])
        named = _kept_files(said, files)
        step.state, step.due, step.ended_at = StepState.DONE.value, None, now
        step.outputs = {**kept(values), "by": actor.name.partition(":")[2], "note": note[:1000]}
        step.ended = row.steps.exclude(ended=0).count() + 1
        step.save()
        _noted(row, actor, now, "runbook.answer", path, note=note[:300], values=values, files=named)
    return row


def _asking(row: Run, path: str, *, others: bool) -> Step:
    step = Step.objects.select_for_update().filter(run=row, path=path, state=StepState.ASKING).first()
    if step is None or bool(step.asked.get("others")) is not others:
        raise Refused(say("the step %(path)s does not wait for that", path=path))
    if step.due is not None and step.due <= datetime.now(UTC):
        raise Refused(say("the time for the step %(path)s is over", path=path))
    return step


def _after_vote(step: Step, quorum: int, *, yes: bool, now: datetime, by: str) -> None:
    """A no ends it. Enough who agree: done, or to be done now where something follows."""
    if not yes:
        step.state, step.due, step.ended_at = StepState.FAILED.value, None, now
        step.note = stored(say("%(who)s said no", who=by.partition(":")[2] or by), 300)
    elif step.answers.filter(yes=True).count() >= quorum:
        if step.asked.get("then"):
            step.state, step.due, step.deadline = StepState.RETRY.value, now, None
            step.asked = {**step.asked, "agreed": True}
        else:
            step.state, step.due, step.ended_at = StepState.DONE.value, None, now
            names = [one.by.partition(":")[2] for one in step.answers.filter(yes=True)]
            step.outputs = {"by": ", ".join(names)}
    if step.state in (StepState.DONE, StepState.FAILED):
        step.ended = step.run.steps.exclude(ended=0).count() + 1
    step.save()


def _kept_files(said: Answer, files: Sequence[File]) -> list[str]:
    if len(files) > PER_NOTE:
        raise Refused(say("%(n)s files are too many; %(most)s are taken", n=len(files), most=PER_NOTE))
    before = 0
    for file in files:
        name = tame(file.name)
        fits(name, len(file.content), before)
        before += len(file.content)
        digest = hashlib.sha256(file.content).hexdigest()
        Proof.objects.create(
            answer=said, name=name, kind=sniff(file.content), size=len(file.content), sha256=digest, data=file.content
        )
    return [tame(file.name) for file in files]


def _role(row: Run, actor: Actor) -> Role:
    return actor.role_on(row.system.name if row.system else None)


def _noted(row: Run, actor: Actor, now: datetime, act: str, path: str, **data: Any) -> None:
    authorise(actor, act, system=row.system.name if row.system else None)
    tell(row, actor.name, now, act.partition(".")[2], path, **data)
    record(actor, act, str(row), kept({"step": path, **data}))
    knock(row)
