"""What people do with a run: begin it, pause, resume, cancel it, and decide about a step that failed or is in doubt."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Component, System
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.evidence import kept
from mainstay.domain.remedy import granted
from mainstay.domain.run_answers import Refused, answers
from mainstay.domain.run_plan import Node, Unplannable, every, find, plan
from mainstay.domain.run_plan import kept as kept_plan
from mainstay.domain.run_state import RunState, StepState, Wish
from mainstay.domain.run_values import names
from mainstay.domain.runbook import Runbook as Document
from mainstay.domain.saying import say, stored
from mainstay.incidents.models import Entry as IncidentEntry
from mainstay.incidents.models import Incident
from mainstay.runbooks import kinds, queries
from mainstay.runbooks.actions.notes import knock, open_run, tell
from mainstay.runbooks.models import Run, Step


def run(
    name: str,
    given: Mapping[str, Any],
    *,
    target: str = "",
    incident: Incident | None = None,
    actor: Actor,
    why: str = "hand",
    writes: int = 0,
) -> Run:
    """Begin the newest version of a runbook. ``target``: ``system/component``, or a system. ``writes``: rows that a
    step of a remedy may change without a second person. Raises Refused, Version.DoesNotExist, Component.DoesNotExist,
    System.DoesNotExist."""
    version = queries.newest(name)
    document = queries.document(version)
    system, component = _target(target, actor)
    authorise(actor, "runbook.run", system=system.name if system else None)
    nodes, inputs = prepared(document, given, component)
    nodes = granted(nodes, writes) if writes else nodes
    for other in sorted(_systems(nodes)):
        authorise(actor, "runbook.run", system=other)
    now = datetime.now(UTC)
    with transaction.atomic():
        row = Run.objects.create(
            version=version, system=system, component=component, incident=incident, inputs=kept(inputs),
            plan=kept_plan(nodes), asked_by=actor.name, asked_at=now, why=why,
        )  # fmt: skip
        tell(row, actor.name, now, "asked", version=version.number)
        record(actor, "runbook.run", str(row), {"version": version.number, "target": target, "inputs": kept(inputs)})
        if incident is not None and why == "hand":
            tell_incident(row, incident, actor.name, now, "runbook")
    return row


def prepared(
    document: Document, given: Mapping[str, Any], component: Component | None
) -> tuple[tuple[Node, ...], dict[str, Any]]:
    """The plan and the inputs of a run, before it is one. Raises Refused."""
    if document.kinds and (component is None or component.kind not in document.kinds):
        raise Refused(say("it is run on a component of kind: %(kinds)s", kinds=", ".join(document.kinds)))
    inputs = answers(document.inputs, given)
    known = queries.documents()

    def found(name: str) -> Document:
        if name not in known:
            raise Unplannable(say("there is no runbook %(name)s", name=name))
        return queries.document(known[name])

    try:
        return plan(document, found, kinds.manner), inputs
    except Unplannable as error:
        raise Refused(*error.args) from None


def _target(target: str, actor: Actor) -> tuple[System | None, Component | None]:
    if not target:
        return None, None
    name, _, part = target.partition("/")
    system = catalogue.system(name, actor.sight)
    return system, catalogue.components(name, actor.sight).get(name=part) if part else None


def _systems(nodes: tuple[Node, ...]) -> set[str]:
    """Other systems that the plan names outright. A name that is filled in later stays within the run's system."""
    named = [node.on for node in every(nodes)]
    named += [str(node.settings.get(key, "")) for node in every(nodes) for key in ("check", "policy")]
    return {text.partition("/")[0] for text in named if "/" in text and not list(names(text))}


def tell_incident(row: Run, incident: Incident, actor: str, now: datetime, word: str, **data: Any) -> None:
    """A line on the incident's timeline."""
    about = {"runbook": row.version.runbook.name, "run": row.pk, **data}
    IncidentEntry.objects.create(incident=incident, at=now, word=word, actor=actor, data=kept(about))


def pause(number: int, *, actor: Actor) -> Run:
    """What is under way ends; nothing new begins. Raises Refused, Run.DoesNotExist."""
    return _wished(number, actor, "runbook.pause", Wish.PAUSE)


def resume(number: int, *, actor: Actor) -> Run:
    """Go on after a pause. Raises Refused, Run.DoesNotExist."""
    return _wished(number, actor, "runbook.resume", Wish.GO)


def _wished(number: int, actor: Actor, act: str, wish: Wish) -> Run:
    now = datetime.now(UTC)
    with transaction.atomic():
        row = open_run(number, actor, act)
        if row.wish == Wish.CANCEL:
            raise Refused(say("run %(number)s is being cancelled", number=number))
        if row.wish == wish and wish is Wish.PAUSE:
            raise Refused(say("run %(number)s is paused already", number=number))
        if row.wish == wish:
            raise Refused(say("run %(number)s is not paused", number=number))
        row.wish = wish.value
        if wish is Wish.GO and row.state == RunState.PAUSED:
            row.state = (RunState.UNDOING if row.undoing else RunState.RUNNING).value
        _act(row, actor, now, act)
    return row


def cancel(number: int, reason: str, *, undo: bool = False, actor: Actor) -> Run:
    """End it. ``undo``: what was done is undone first, the last first. Raises Refused, Run.DoesNotExist."""
    now = datetime.now(UTC)
    with transaction.atomic():
        row = open_run(number, actor, "runbook.cancel")
        if undo and row.undoing:
            raise Refused(say("run %(number)s is being undone already", number=number))
        row.wish = (Wish.GO if undo else Wish.CANCEL).value
        row.undoing = row.undoing or undo
        if undo:
            row.state = RunState.UNDOING.value
            _leave(row, now)
        _act(row, actor, now, "runbook.cancel", reason=reason.strip()[:500], undo=undo)
    return row


def _leave(row: Run, now: datetime) -> None:
    """Nobody is waited for any more in what is now undone."""
    for step in row.steps.filter(state__in=(StepState.ASKING, StepState.WAITING, StepState.RETRY)):
        step.state, step.ended_at, step.due = StepState.SKIPPED.value, now, None
        step.save()


def retry(number: int, path: str, *, actor: Actor) -> Run:
    """Do a step again that failed, or that may have run. Raises Refused, Run.DoesNotExist."""
    now = datetime.now(UTC)
    with transaction.atomic():
        row = open_run(number, actor, "runbook.retry")
        step = _decided(row, path)
        step.state, step.due, step.ended_at, step.note = StepState.RETRY.value, now, None, ""
        step.attempt, step.deadline, step.asked = 0, None, {}
        step.answers.all().delete()
        step.save()
        _act(row, actor, now, "runbook.retry", path=path)
    return row


def skip(number: int, path: str, reason: str, *, actor: Actor) -> Run:
    """Go on without a step that failed, or that may have run. Raises Refused, Run.DoesNotExist."""
    if not reason.strip():
        raise Refused(say("say why the step is left out"))
    now = datetime.now(UTC)
    with transaction.atomic():
        row = open_run(number, actor, "runbook.skip")
        step = _decided(row, path)
        step.state, step.due, step.ended_at = StepState.SKIPPED.value, None, now
        step.note = stored(reason.strip(), 500)
        step.save()
        _act(row, actor, now, "runbook.skip", path=path, reason=reason.strip()[:500])
    return row


def _decided(row: Run, path: str) -> Step:
    """A step about which a person may decide. Raises Refused."""
    step = Step.objects.select_for_update().filter(run=row, path=path).first()
    if step is None or step.state not in (StepState.FAILED, StepState.DOUBTFUL):
        raise Refused(say("the step %(path)s did not fail and is not in doubt", path=path))
    node = find(queries.plan(row), path)
    if step.state == StepState.FAILED and node.on_failure == "skip":
        raise Refused(say("the run went on without the step %(path)s", path=path))
    if row.state == RunState.STOPPED:
        row.state = (RunState.UNDOING if row.undoing else RunState.RUNNING).value
    return step


def _act(row: Run, actor: Actor, now: datetime, act: str, path: str = "", **data: Any) -> None:
    tell(row, actor.name, now, act.partition(".")[2], path, **data)
    record(actor, act, str(row), kept({"step": path, **data} if path else data))
    knock(row)
