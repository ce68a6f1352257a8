"""What is shown of remedies: plain data, the same over the API and after ``--json``."""

from mainstay.api.rows import Row
from mainstay.domain.run_plan import every
from mainstay.remedies import queries
from mainstay.remedies.models import Allowance, Attempt
from mainstay.remedies.queries import Standing

RECENT = 50


def allowance_row(row: Allowance) -> Row:
    """What a person allowed."""
    return {
        "made_by": row.made_by, "made_at": row.made_at, "until": row.until, "reason": row.reason,
        "ended_at": row.ended_at, "ended_by": row.ended_by, "end_reason": row.end_reason,
    }  # fmt: skip


def attempt_row(row: Attempt) -> Row:
    """It was applied, and how that went."""
    return {
        "id": row.pk, "path": f"{row.system.name}/{row.remedy}", "incident": row.incident_id,
        "check": str(row.check_of), "run": row.run_id, "runbook": row.run.version.runbook.name,
        "allowed_by": row.allowance.made_by, "begun_at": row.begun_at, "ended_at": row.ended_at,
        "outcome": row.outcome, "because": row.because,
    }  # fmt: skip


def remedy_row(one: Standing) -> Row:
    """A remedy in a list."""
    remedy = one.remedy
    return {
        "path": one.path, "system": one.system.name, "name": one.name, "title": remedy.title, "checks": remedy.checks,
        "runbook": remedy.runbook, "on": remedy.on, "at_most": remedy.at_most, "during": remedy.during,
        "writes": remedy.writes, "refusal": one.refusal or "", "wrong": str(one.wrong), "sign": one.sign,
        "allowance": allowance_row(one.allowance) if one.allowance else None,
    }  # fmt: skip


def remedy_rows(one: Standing) -> Row:
    """A remedy whole."""
    system, name = one.system.name, one.name
    return {
        **remedy_row(one), "document": one.remedy.model_dump(mode="json"),
        "steps": [node.path for node in every(one.nodes)], "writing": [node.path for node in one.writing],
        "allowances": [allowance_row(row) for row in queries.past_allowances(system, name)[:RECENT]],
        "attempts": [attempt_row(row) for row in queries.attempts(system=system, remedy=name)[:RECENT]],
    }  # fmt: skip
