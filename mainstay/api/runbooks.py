"""Runbooks: write, run, follow and steer them, and say what they ask."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from mainstay.api import runbook_answers as answers
from mainstay.api.attachments import SentFile, harmless
from mainstay.api.auth import actor, needs, sight
from mainstay.api.runbook_rows import foreseen_row, run_row, run_rows, runbook_row, runbook_rows
from mainstay.api.shapes import Body, Name, Number, Page, Paging, Text, page
from mainstay.domain.attachment import PER_NOTE, UNKNOWN
from mainstay.engine.runbooks.dry_run import dry_run
from mainstay.incidents import queries as incidents
from mainstay.incidents.actions import File
from mainstay.runbooks import actions, queries
from mainstay.runbooks.actions.writing import known
from mainstay.runbooks.examine import examine

router = Router(tags=["runbooks"])

Long = Annotated[Text, Field(max_length=1_000)]
Way = Annotated[Text, Field(max_length=300)]
BYTES = {200: {"description": "the file", "content": {UNKNOWN: {"schema": {"type": "string", "format": "binary"}}}}}


class Wanted(Schema):
    """Which runbooks: ``text`` is part of the name, the title or where it comes from."""

    text: Text = ""
    sort: Literal["name", "changed"] = "name"


class WantedRuns(Schema):
    """Which runs."""

    runbook: Text = ""
    state: Literal["", "running", "paused", "stopped", "undoing", "done", "cancelled", "undone"] = ""
    incident: int | None = Field(None, ge=1, le=2**63 - 1)
    text: Text = ""
    sort: Literal["newest", "oldest"] = "newest"


class Source(Body):
    """A runbook as YAML. ``name``: of the one that is to be changed, empty for any."""

    text: Annotated[Text, Field(max_length=500_000)]
    name: Annotated[Text, Field(max_length=63)] = ""


class Start(Body):
    """``target``: system/component, or a system."""

    target: Annotated[Text, Field(max_length=130)] = ""
    inputs: dict[str, Any] = {}


class StartOf(Start):
    """``incident``: on whose timeline it stands."""

    incident: int | None = Field(None, ge=1, le=2**63 - 1)


class Reason(Body):
    """Why."""

    reason: Long = ""


class Cancel(Reason):
    """``undo``: what was done is undone first, the last first."""

    undo: bool = False


class OfStep(Body):
    """A step by its path."""

    step: Way


class Skip(OfStep):
    """Why it is left out."""

    reason: Long


class StepApproval(OfStep):
    """``seal`` names what was shown, where rows were; ``yes`` false is a no."""

    yes: bool = True
    seal: Annotated[Text, Field(max_length=64)] = ""
    note: Long = ""


class Answer(OfStep):
    """Answers by name, words, and files that show it."""

    values: dict[str, Any] = {}
    note: Long = ""
    files: list[SentFile] = Field([], max_length=PER_NOTE)


@router.get("/runbooks", response=Page[answers.Runbook], **needs("runbook.read"))
def list_runbooks(request: HttpRequest, paging: Query[Paging], wanted: Query[Wanted]) -> Any:
    """By name, unless asked otherwise."""
    return page(request, queries.runbooks(wanted.text, wanted.sort), paging, runbook_row)


@router.post("/runbooks", response=answers.WholeRunbook, **needs("runbook.edit"))
def write_runbook(request: HttpRequest, body: Source) -> Any:
    """A new version, unless it says what the newest says. What is wrong is told with its line."""
    return runbook_rows(actions.write(body.text, name=body.name, actor=actor(request)))


@router.post("/runbooks/examine", response=answers.RunbookExamined, **needs("runbook.edit"))
def examine_runbook(request: HttpRequest, body: Source) -> Any:
    """Say everything that is wrong with a runbook; nothing is kept."""
    found = next(iter(examine({"runbook.yaml": body.text.encode()}, known()).values())).document
    return {"name": found.runbook, "steps": len(found.steps)}


@router.get("/runbooks/{name}", response=answers.WholeRunbook, **needs("runbook.read"))
def show_runbook(request: HttpRequest, name: Name) -> Any:
    """Its newest version."""
    return runbook_rows(queries.newest(name))


@router.post("/runbooks/{name}/retire", response=answers.Runbook, **needs("runbook.edit"))
def retire_runbook(request: HttpRequest, name: Name) -> Any:
    """Take it out of use; runs that are under way go on."""
    row = queries.runbook(name)
    actions.retire(name, actor=actor(request))
    return runbook_row(row)


@router.post("/runbooks/{name}/dry-run", response=answers.DryRun, **needs("runbook.run"))
def dry_run_runbook(request: HttpRequest, name: Name, body: Start) -> Any:
    """What a run would do. Nothing is touched."""
    found = dry_run(name, body.inputs, target=body.target, actor=actor(request))
    return {"steps": [foreseen_row(one) for one in found]}


@router.post("/runbooks/{name}/run", response=answers.WholeRun, **needs("runbook.run"))
def run_runbook(request: HttpRequest, name: Name, body: StartOf) -> Any:
    """Begin its newest version."""
    incident = incidents.incident(body.incident, sight(request)) if body.incident else None
    return run_rows(actions.run(name, body.inputs, target=body.target, incident=incident, actor=actor(request)))


@router.get("/runs", response=Page[answers.RunbookRun], **needs("runbook.read"))
def list_runs(request: HttpRequest, paging: Query[Paging], wanted: Query[WantedRuns]) -> Any:
    """The newest first, unless asked otherwise."""
    found = queries.runs(
        name=wanted.runbook, states=[wanted.state] if wanted.state else [], incident=wanted.incident,
        sight=sight(request), text=wanted.text, sort=wanted.sort,
    )  # fmt: skip
    return page(request, found, paging, run_row)


@router.get("/runs/{number}", response=answers.WholeRun, **needs("runbook.read"))
def show_run(request: HttpRequest, number: Number) -> Any:
    """With each step and what happened."""
    return run_rows(queries.run(number, sight(request)))


@router.post("/runs/{number}/pause", response=answers.WholeRun, **needs("runbook.pause"))
def pause_run(request: HttpRequest, number: Number) -> Any:
    """What is under way ends; nothing new begins."""
    return _after(request, actions.pause(number, actor=actor(request)).pk)


@router.post("/runs/{number}/resume", response=answers.WholeRun, **needs("runbook.resume"))
def resume_run(request: HttpRequest, number: Number) -> Any:
    """Go on after a pause."""
    return _after(request, actions.resume(number, actor=actor(request)).pk)


@router.post("/runs/{number}/cancel", response=answers.WholeRun, **needs("runbook.cancel"))
def cancel_run(request: HttpRequest, number: Number, body: Cancel) -> Any:
    """End it; what was done may be undone first."""
    return _after(request, actions.cancel(number, body.reason, undo=body.undo, actor=actor(request)).pk)


@router.post("/runs/{number}/retry", response=answers.WholeRun, **needs("runbook.retry"))
def retry_step(request: HttpRequest, number: Number, body: OfStep) -> Any:
    """Do a step again that failed, or that may have run."""
    return _after(request, actions.retry(number, body.step, actor=actor(request)).pk)


@router.post("/runs/{number}/skip", response=answers.WholeRun, **needs("runbook.skip"))
def skip_step(request: HttpRequest, number: Number, body: Skip) -> Any:
    """Go on without a step that failed, or that has run."""
    return _after(request, actions.skip(number, body.step, body.reason, actor=actor(request)).pk)


@router.post("/runs/{number}/approve", response=answers.WholeRun, **needs("runbook.approve"))
def approve_step(request: HttpRequest, number: Number, body: StepApproval) -> Any:
    """By a person who is signed in and did not ask for the run."""
    made = actions.approve(
        number, body.step, yes=body.yes, seal=body.seal, note=body.note, actor=actor(request)
    )  # fmt: skip
    return _after(request, made.pk)


@router.post("/runs/{number}/answer", response=answers.WholeRun, **needs("runbook.answer"))
def answer_step(request: HttpRequest, number: Number, body: Answer) -> Any:
    """Answer what a step asks, or tick what was done by hand."""
    files = [File(one.name, one.content) for one in body.files]
    made = actions.answer(number, body.step, body.values, note=body.note, files=files, actor=actor(request))
    return _after(request, made.pk)


@router.get("/runs/{number}/evidence/{file}", **needs("runbook.read", responses=BYTES))
def get_file_of_run(request: HttpRequest, number: Number, file: Number) -> HttpResponse:
    """A file that shows that something was done; always as a download."""
    found = queries.proof(number, file, sight(request))
    return harmless(bytes(found.data), found.name, UNKNOWN)


def _after(request: HttpRequest, number: int) -> Any:
    return run_rows(queries.run(number, sight(request)))
