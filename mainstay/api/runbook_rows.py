"""What is shown of runbooks and their runs: plain data, the same over the API and after ``--json``."""

from typing import Any

from mainstay.api.rows import Row
from mainstay.domain.run_plan import Node, every
from mainstay.domain.saying import restored
from mainstay.engine.runbooks.dry_run import Foreseen
from mainstay.runbooks import queries
from mainstay.runbooks.models import Entry, Run, Runbook, Step, Version


def runbook_row(row: Runbook) -> Row:
    """A runbook in a list."""
    return {"name": row.name, "title": row.title, "source": row.source}


def version_row(row: Version) -> Row:
    """A version without its text."""
    return {"number": row.number, "made_at": row.made_at, "made_by": row.made_by}


def runbook_rows(row: Version) -> Row:
    """A runbook as its newest version says."""
    document = row.document
    return {
        **runbook_row(row.runbook), "version": row.number, "kinds": document.get("kinds", []),
        "inputs": document.get("inputs", {}), "text": row.text,
        "versions": [version_row(one) for one in queries.versions(row.runbook.name)],
    }  # fmt: skip


def run_row(row: Run) -> Row:
    """A run without its steps."""
    return {
        "id": row.pk, "runbook": row.version.runbook.name, "version": row.version.number, "state": row.state,
        "wish": row.wish, "system": row.system.name if row.system else "",
        "component": row.component.name if row.component else "", "incident": row.incident_id, "why": row.why,
        "inputs": row.inputs, "asked_by": row.asked_by, "asked_at": row.asked_at, "ended_at": row.ended_at,
    }  # fmt: skip


def run_rows(row: Run) -> Row:
    """A run whole: its steps in their order, and what happened."""
    steps = queries.steps(row)
    return {
        **run_row(row), "steps": [step_row(node, steps.get(node.path)) for node in every(queries.plan(row))],
        "story": [entry_row(one) for one in queries.story(row)],
    }  # fmt: skip


def step_row(node: Node, row: Step | None) -> Row:
    """A step; one that was not begun is waited for."""
    about: Row = {
        "path": node.path, "kind": node.kind, "title": node.title, "repeatable": node.repeatable, "state": "ahead",
        "attempt": 0, "due": None, "began_at": None, "ended_at": None, "note": "", "outputs": {}, "text": "",
        "asked": {}, "answers": [],
    }  # fmt: skip
    if row is None:
        return about
    return {
        **about, "state": row.state, "attempt": row.attempt, "due": row.due, "began_at": row.began_at,
        "ended_at": row.ended_at, "note": str(restored(row.note)), "outputs": row.outputs, "text": row.text,
        "asked": row.asked, "answers": [answer_row(one) for one in row.answers.all()],
    }  # fmt: skip


def answer_row(row: Any) -> Row:
    """What somebody said."""
    files = [{"id": one.pk, "name": one.name, "kind": one.kind, "size": one.size} for one in row.proofs.all()]
    return {"by": row.by, "at": row.at, "yes": row.yes, "values": row.values, "note": row.note, "files": files}


def entry_row(row: Entry) -> Row:
    """A line of the story."""
    data = {name: str(restored(value)) if name == "why" else value for name, value in row.data.items()}
    return {"at": row.at, "actor": row.actor, "word": row.word, "path": row.path, "data": data}


def foreseen_row(one: Foreseen) -> Row:
    """A step of a dry run."""
    node = one.node
    return {
        "path": node.path, "kind": node.kind, "title": node.title, "on": one.on, "when": list(node.when),
        "settings": dict(one.settings), "asks": node.asks, "repeatable": node.repeatable, "wrong": str(one.wrong),
    }  # fmt: skip
