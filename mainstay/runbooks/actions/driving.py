"""What the engine writes down of a run, step by step. Each write asks whether the writer still drives the run.

A step is started here, and that is committed, before anything is done outside; what is found started by somebody who
is gone may have run.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from mainstay.audit.actions import record
from mainstay.domain.actor import ENGINE
from mainstay.domain.evidence import kept
from mainstay.domain.run_answers import capped, output_values
from mainstay.domain.run_plan import Node, find
from mainstay.domain.run_state import OPEN, TIMED, Outlook, RunState, StepState, Wish, after_kill, outlook
from mainstay.domain.saying import say, stored
from mainstay.runbooks import queries
from mainstay.runbooks.actions.notes import call, locked, tell
from mainstay.runbooks.actions.people import tell_incident
from mainstay.runbooks.models import Run, Step

_NOTE = 500


class Lost(Exception):
    """The run is somebody else's now, or over: stop without writing anything."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A step that was started and is to be done now."""

    step: Step
    node: Node
    run: Run


def claim(number: int, holder: str, now: datetime) -> Run:
    """Drive it from now on. What is found started was begun by somebody who is gone. Raises Lost, Run.DoesNotExist."""
    with transaction.atomic():
        row = locked(number)
        if row.state not in OPEN:
            raise Lost
        row.holder = holder
        row.save()
        plan = queries.plan(row)
        for step in row.steps.select_for_update().filter(state=StepState.STARTED):
            node = find(plan, step.path)
            step.state = after_kill(StepState.STARTED, repeatable=node.repeatable).value
            step.due, step.holder = (now if step.state == StepState.RETRY else None), ""
            step.note = stored(say("it was under way when its process ended"), _NOTE)
            step.save()
            tell(row, ENGINE.name, now, "doubtful" if step.state == StepState.DOUBTFUL else "again", step.path)
            if step.state == StepState.DOUBTFUL:
                call(row, now, step.path)
    return row


def look(number: int, holder: str, now: datetime) -> tuple[Run, Outlook]:
    """How it stands; that is written down when it changed. Raises Lost."""
    with transaction.atomic():
        row = _mine(number, holder)
        seen = outlook(
            queries.plan(row), queries.facts(queries.steps(row)), now, wish=Wish(row.wish), undoing=row.undoing
        )
        if seen.state != row.state or seen.undoing != row.undoing:
            _turn(row, seen, now)
        if seen.wake != row.wake_at:
            Run.objects.filter(pk=row.pk).update(wake_at=seen.wake)
    return row, seen


def _turn(row: Run, seen: Outlook, now: datetime) -> None:
    before, row.state, row.undoing = row.state, seen.state.value, seen.undoing
    if seen.undoing and before != seen.state:
        _forget_open(row, now, also=seen.state not in OPEN)
    if seen.state not in OPEN:
        row.ended_at, row.wake_at = now, None
        _forget_open(row, now, also=True)
    row.save()
    if before == seen.state:
        return
    tell(row, ENGINE.name, now, seen.state.value)
    if seen.state == RunState.STOPPED:
        call(row, now, seen.state.value)
    if seen.state not in OPEN or seen.state == RunState.STOPPED:
        record(ENGINE, "runbook.run", str(row), {"state": seen.state.value})
        if row.incident is not None:
            tell_incident(row, row.incident, ENGINE.name, now, "runbook", state=seen.state.value)


def _forget_open(row: Run, now: datetime, *, also: bool) -> None:
    """Nobody is waited for any more in what is over, or is being undone."""
    found = row.steps.filter(state__in=TIMED)
    found = found if also else found.exclude(path__contains="/undo/")
    found.update(state=StepState.SKIPPED.value, due=None, ended_at=now)


def begin(number: int, node: Node, holder: str, ticket: str, now: datetime, *, bounded: bool) -> Begun:
    """Start a step, or look at one again. It is committed before this returns. ``ticket`` is this try's own: who asks
    twice with it, because he did not hear the answer, has it. Raises Lost."""
    with transaction.atomic():
        row = _mine(number, holder)
        if row.wish or row.state not in (RunState.RUNNING, RunState.UNDOING):
            raise Lost
        step = Step.objects.select_for_update().filter(run=row, path=node.path).first()
        if step is not None and step.state == StepState.STARTED and step.holder == ticket:
            return Begun(step, node, row)
        if step is not None and step.state not in TIMED:
            raise Lost
        first = step is None
        step = step or Step(run=row, path=node.path, began_at=now, key=_key(row, node.path))
        fresh = first or step.state == StepState.RETRY
        if fresh:
            step.attempt, step.tried_at = step.attempt + 1, now
            step.deadline = now + timedelta(seconds=node.timeout) if bounded else None
        step.state, step.holder, step.due = StepState.STARTED.value, ticket, None
        step.note = ""
        step.save()
        if fresh:
            tell(row, ENGINE.name, now, "started", node.path, attempt=step.attempt if step.attempt > 1 else None)
    return Begun(step, node, row)


def _key(row: Run, path: str) -> str:
    """The same at every try of this step, and of no other; it does not say where it comes from."""
    return hashlib.sha256(f"{row.pk}/{path}/{row.asked_at.isoformat()}".encode()).hexdigest()[:24]


def finish(begun: Begun, now: datetime, outputs: Mapping[str, Any], text: str = "") -> None:
    """It is done. Raises Lost."""
    with transaction.atomic():
        row, step = _held(begun)
        step.state, step.ended_at, step.ended = StepState.DONE.value, now, _place(row)
        step.outputs, step.text = kept(output_values(outputs)), capped(text)
        step.save()
        if not begun.node.holds:
            tell(row, ENGINE.name, now, "done", step.path)
            record(ENGINE, "runbook.run", str(row), {"step": step.path, "done": True})


def fail(begun: Begun, now: datetime, why: str, *, retry: bool, text: str = "") -> None:
    """It did not come about: another try, or it failed. Raises Lost."""
    with transaction.atomic():
        row, step = _held(begun)
        node = begun.node
        again = retry and step.attempt <= node.retries
        step.state = (StepState.RETRY if again else StepState.FAILED).value
        step.due = now + timedelta(seconds=node.retry_after) if again else None
        step.note, step.text = stored(why, _NOTE), capped(text)
        if not again:
            step.ended_at, step.ended = now, _place(row)
        step.save()
        tell(row, ENGINE.name, now, "retry" if again else "failed", step.path, why=stored(why, _NOTE))
        if not again:
            record(ENGINE, "runbook.run", str(row), {"step": step.path, "failed": str(why)[:300]})


def leave_out(begun: Begun, now: datetime) -> None:
    """Its conditions do not hold. Raises Lost."""
    with transaction.atomic():
        row, step = _held(begun)
        step.state, step.ended_at = StepState.SKIPPED.value, now
        step.note = stored(say("its condition does not hold"), _NOTE)
        step.save()
        tell(row, ENGINE.name, now, "left-out", step.path)


def wait(begun: Begun, now: datetime, after: float, note: str, memo: Mapping[str, Any]) -> None:
    """Not yet. Raises Lost."""
    with transaction.atomic():
        _, step = _held(begun)
        due = now + timedelta(seconds=after)
        if step.deadline is not None and now >= step.deadline:
            why = say("it was not done in its time")
            return fail(begun, now, why if not note else say("not in its time: %(why)s", why=note), retry=True)
        step.state, step.due = StepState.WAITING.value, min(due, step.deadline or due)
        step.note, step.memo = stored(note, _NOTE), kept({**step.memo, **memo})
        step.save()
    return None


def ask(begun: Begun, now: datetime, asked: Mapping[str, Any], seconds: float) -> None:
    """A person has to say something. Raises Lost."""
    with transaction.atomic():
        row, step = _held(begun)
        step.state, step.due = StepState.ASKING.value, now + timedelta(seconds=seconds)
        plain = kept(asked)
        step.asked = {**plain, "seal": hashlib.sha256(f"{step.key}{plain}".encode()).hexdigest()[:16]}
        step.save()
        step.answers.all().delete()
        tell(row, ENGINE.name, now, "asks", step.path, role=asked.get("role"))
        call(row, now, step.path)


def expire(number: int, path: str, holder: str, now: datetime) -> None:
    """Nobody said anything in time. Raises Lost."""
    with transaction.atomic():
        row = _mine(number, holder)
        step = Step.objects.select_for_update().filter(run=row, path=path, state=StepState.ASKING).first()
        if step is None:
            raise Lost
        step.state, step.due, step.ended_at, step.ended = StepState.FAILED.value, None, now, _place(row)
        why = say("nobody said anything in time")
        step.note = stored(why, _NOTE)
        step.save()
        tell(row, ENGINE.name, now, "failed", path, why=stored(why, _NOTE))


def note_memo(begun: Begun, memo: Mapping[str, Any]) -> None:
    """Written down in the transaction of what it is about."""
    step = Step.objects.select_for_update().get(pk=begun.step.pk)
    step.memo = kept({**step.memo, **memo})
    step.save()


def left_by(holders: Iterable[str]) -> None:
    """These processes are gone. Their runs are to be looked at now, so that who drives them stands in the record, also
    where a run only waits."""
    Run.objects.filter(holder__in=list(holders), state__in=OPEN).update(knocks=F("knocks") + 1)


def heard(number: int, knocks: int) -> None:
    """The driver was told of all knocks up to this one."""
    Run.objects.filter(pk=number, heard__lt=knocks).update(heard=knocks)


def drive_as(row: Run, over: str = "") -> str:
    """The name under which it is driven. ``over``: one that ended, though the run did not; then there is a new one."""
    if row.drive and row.drive != over:
        return row.drive
    made = f"run-{row.pk}-{secrets.token_hex(6)}"
    Run.objects.filter(pk=row.pk, drive=row.drive).update(drive=made)
    return Run.objects.values_list("drive", flat=True).get(pk=row.pk)


def hold_after_restore(now: datetime) -> int:
    """Mainstay was put back from a copy: what happened after the copy was made is not known, so every open run waits
    for a person. How many. In a transaction."""
    count = 0
    for row in queries.open_runs().select_for_update():
        row.wish, row.drive, row.holder = Wish.PAUSE.value, "", ""
        row.save()
        row.steps.filter(state=StepState.STARTED).update(state=StepState.DOUBTFUL.value, due=None)
        tell(row, ENGINE.name, now, "restored")
        count += 1
    return count


def _mine(number: int, holder: str) -> Run:
    row = Run.objects.select_for_update(of=("self",)).select_related("version__runbook", "incident").get(pk=number)
    if row.holder != holder or row.state not in OPEN:
        raise Lost
    return row


def _held(begun: Begun) -> tuple[Run, Step]:
    row = _mine(begun.run.pk, begun.run.holder)
    step = Step.objects.select_for_update().get(pk=begun.step.pk)
    if step.state != StepState.STARTED or step.holder != begun.step.holder:
        raise Lost
    return row, step


def _place(row: Run) -> int:
    return row.steps.exclude(ended=0).count() + 1
